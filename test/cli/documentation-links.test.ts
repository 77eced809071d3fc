import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

/** Pages of the repository, except the behavior catalog, which people read by rule ID. */
const PAGES = [
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"],
  ...["SKILL", "references/commands", "references/errors", "references/reasons", "references/scenarios"].map(
    (name) => `skills/knock/${name}.md`,
  ),
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .map((name) => join("docs", name))
    .filter((name) => name.endsWith(".md") && !name.startsWith(join("docs", "internals", "catalog"))),
].sort();

const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { files: string[] };

/** Files that packages always contain, and the folders and files of `files`. */
const isInPackage = (path: string): boolean =>
  ["README.md", "LICENSE", "package.json", ...files].some((entry) => path === entry || path.startsWith(`${entry}/`));

/** Files to which pages in the package may also link: docs/README.md says that these are only in the repository. */
const isOnlyInRepository = (path: string): boolean =>
  /^(?:fixtures\/|test\/|docs\/internals\/|docs\/decisions\/|docs\/(?:demo\.svg|page-(?:dark|light)\.png)$|docs\/reliability\.md$|Dockerfile$|(?:ARCHITECTURE|CONTRIBUTING|SECURITY)\.md$)/.test(
    path,
  );

/** Returns a page without blocks of code and code spans, whose brackets are no links. */
function readProse(page: string): string {
  const text = readFileSync(join(ROOT, page), "utf8");
  return text
    .replaceAll(/^(`{3,}).*\n[\s\S]*?^\1$/gm, "")
    .replaceAll(/(`+)[^`\n]+?\1/g, (span) => span.replaceAll(/[[\]()]/g, ""));
}

/** Returns the anchors that the repository's site gives to the headings of a page. */
function readAnchors(page: string): Set<string> {
  const text = readFileSync(join(ROOT, page), "utf8").replaceAll(/^(`{3,}).*\n[\s\S]*?^\1$/gm, "");
  const anchors = new Set<string>();
  for (const [, heading = ""] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
    let name = anchor;
    for (let count = 1; anchors.has(name); count++) name = `${anchor}-${count}`;
    anchors.add(name);
  }
  for (const [, id = ""] of text.matchAll(/<a (?:id|name)="([^"]+)">/g)) anchors.add(id);
  return anchors;
}

interface Link {
  target: string;
  /** The linked file, relative to the root of the repository. */
  file: string;
  anchor: string | null;
}

function readLinks(page: string): Link[] {
  const prose = readProse(page);
  const links = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g), ...prose.matchAll(/ (?:href|src|srcset)="([^"]+)"/g)];
  return links
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : relative(ROOT, resolve(ROOT, dirname(page), path));
      return { target, file, anchor: anchor ?? null };
    });
}

const anchorsByPage = new Map<string, Set<string>>();
function hasAnchor(page: string, anchor: string): boolean {
  const anchors = anchorsByPage.get(page) ?? readAnchors(page);
  anchorsByPage.set(page, anchors);
  return anchors.has(anchor);
}

describe("the documentation", () => {
  it.each(PAGES)("%s links only to files and headings that exist", (page) => {
    const broken = readLinks(page).filter(
      ({ file, anchor }) =>
        !existsSync(join(ROOT, file)) || (anchor !== null && file.endsWith(".md") && !hasAnchor(file, anchor)),
    );
    expect(broken.map(({ target }) => target)).toEqual([]);
  });

  it.each(PAGES.filter(isInPackage))(
    "%s links to files of the package, or to known files of the repository",
    (page) => {
      const missing = readLinks(page).filter(({ file }) => {
        const path = statSync(join(ROOT, file), { throwIfNoEntry: false })?.isDirectory() ? `${file}/` : file;
        return !isInPackage(file) && !isOnlyInRepository(path);
      });
      expect(missing.map(({ target }) => target)).toEqual([]);
    },
  );

  it("has a page for every link of the reference's index", () => {
    const linked = new Set(readLinks("docs/reference/README.md").map(({ file }) => file));
    const pages = readdirSync(join(ROOT, "docs/reference"))
      .filter((name) => name.endsWith(".md") && name !== "README.md")
      .map((name) => join("docs/reference", name));
    expect(pages.filter((page) => !linked.has(page))).toEqual([]);
  });
});
