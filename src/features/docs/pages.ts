import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KnockError } from "../../errors/knock-error.js";
import { findPackageFolder } from "../../util/find-package-folder.js";

/** The folders of the pages for users, below docs/. The executable cannot list folders in depth. */
const FOLDERS = ["guide", "recipes", "reference", "reference/commands", "reference/files"];
/** The pages outside of these folders. */
const SINGLE_PAGES = ["README.md", "troubleshooting.md"];

/** A page of the documentation, with its path in the package. */
export interface Page {
  path: string;
  title: string;
  sections: readonly Section[];
}

/** A heading with the text up to the next heading. The first section of a page has the title of the page. */
export interface Section {
  level: number;
  heading: string;
  anchor: string;
  /** The text as Markdown, with the line of the heading. */
  text: string;
}

/** Returns the folder of the installed documentation. Throws `resource_missing` if it is not there. */
export function findDocsFolder(root = findPackageFolder()): string {
  const folder = join(root, "docs");
  if (existsSync(join(folder, "README.md"))) return folder;
  throw new KnockError("resource_missing", `the documentation is missing: there is no ${join(folder, "README.md")}`, {
    hint: "Install knock-cli again. `knock help` and `knock help error <code>` work without these files.",
  });
}

/** Returns the paths of all pages in the package, such as `docs/guide/schedules.md`, in the order of the list. */
export function listPagePaths(docsFolder: string): string[] {
  // The repository has more pages than the package.
  const { files } = JSON.parse(readFileSync(join(docsFolder, "../package.json"), "utf8")) as { files: string[] };
  const inFolders = FOLDERS.filter((folder) => existsSync(join(docsFolder, folder))).flatMap((folder) =>
    readdirSync(join(docsFolder, folder))
      .filter((name) => name.endsWith(".md"))
      .sort()
      .map((name) => `${folder}/${name}`),
  );
  const single = SINGLE_PAGES.filter((name) => existsSync(join(docsFolder, name)));
  return [...inFolders, ...single].map((path) => `docs/${path}`).filter((path) => !files.includes(`!${path}`));
}

/** Returns the shortest name of a page for the command line: `guide/schedules` for `docs/guide/schedules.md`. */
export const toPageName = (path: string): string => path.replace(/^docs\//, "").replace(/\.md$/, "");

/** Returns the anchor that code hosts give to a heading. */
function toAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

/** Returns a line of Markdown as plain text, without links and marks. */
export function toPlainLine(line: string): string {
  return line.replaceAll(/!?\[([^[\]]*)\]\([^()]*\)/g, "$1").replaceAll(/[`*]|\\(?=[<>_|*])/g, "");
}

/** Returns a function that tells, line by line, whether a line of Markdown is in a block of code, fences included. */
export function createCodeDetector(): (line: string) => boolean {
  let fence: string | null = null;
  return (line) => {
    const [, mark] = /^(`{3,})/.exec(line) ?? [];
    const isEnd = fence !== null && line === fence;
    if (mark !== undefined && fence === null) fence = mark;
    else if (isEnd) fence = null;
    return isEnd || fence !== null;
  };
}

/** Returns the sections of a page. Comments are for the tests and the generator of the pages, so they are left out. */
export function parsePage(path: string, markdown: string): Page {
  const sections: Section[] = [];
  const anchors = new Map<string, number>();
  let lines: string[] = [];
  const isCodeLine = createCodeDetector();
  const end = (): void => {
    const last = sections.at(-1);
    if (last !== undefined) last.text = lines.join("\n").trim();
    lines = [];
  };
  for (const line of markdown.split(/\r?\n/)) {
    const isCode = isCodeLine(line);
    if (!isCode && /^<!--.*-->$/.test(line)) continue;
    const [, marks = "", text = ""] = (!isCode && /^(#{1,6}) (.+)$/.exec(line)) || [];
    if (marks !== "") {
      end();
      const heading = toPlainLine(text).trim();
      const anchor = toAnchor(heading);
      const count = anchors.get(anchor) ?? 0;
      anchors.set(anchor, count + 1);
      sections.push({ level: marks.length, heading, anchor: count === 0 ? anchor : `${anchor}-${count}`, text: "" });
    }
    // A removed comment leaves an empty line.
    if (line !== "" || isCode || lines.at(-1) !== "") lines.push(line);
  }
  end();
  return { path, title: sections[0]?.heading ?? path, sections };
}

/** Reads a page by its path in the package. */
export const readPage = (docsFolder: string, path: string): Page =>
  parsePage(path, readFileSync(join(docsFolder, path.slice("docs/".length)), "utf8"));

/** Above this number of characters, the subsections of a section are only listed. */
const MAX_SECTION_LENGTH = 4_000;

/** Returns the text of a section with its subsections. If that is long, they are only listed. */
export function readSection({ path, sections }: Page, section: Section): string {
  const start = sections.indexOf(section);
  const length = sections.slice(start + 1).findIndex(({ level }) => level <= section.level);
  const included = length === -1 ? sections.slice(start) : sections.slice(start, start + 1 + length);
  const whole = included.map(({ text }) => text).join("\n\n");
  const [own, ...parts] = included;
  if (whole.length <= MAX_SECTION_LENGTH || own === undefined || parts.length === 0) return whole;
  const list = parts.map(({ heading, anchor }) => `- ${heading}: ${toPageName(path)}#${anchor}`);
  return [own.text, ["Subsections:", "", ...list].join("\n")].join("\n\n");
}
