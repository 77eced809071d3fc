import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const PAGES = ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/internals/walkthrough.md"];
const TOP_LEVEL = ["src", "test", "docs", "bin", "scripts", "bench", "schemas", "fixtures", "tools"];

const RETIRED_PREFIXES = /\b(?:MOST|LARGEST|LONGEST)_[A-Z_]+\b/;

function listSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => `${folder}/${file}`);
}

const sources = [...listSources("src"), ...listSources("test")].filter(
  (file) => !file.endsWith("contributor-pages.test.ts"),
);
const texts = new Map(sources.map((file) => [file, readFileSync(file, "utf8")]));

function toRepositoryPath(mention: string): string {
  return TOP_LEVEL.some((folder) => mention.startsWith(`${folder}/`)) ? mention : `src/${mention}`;
}

describe("contributor pages", () => {
  it.each(PAGES)("%s names only files that exist", (page) => {
    const mentions = [...readFileSync(page, "utf8").matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.\w+|(?:[\w-]+\/)+)`/g)];
    const missing = mentions
      .map(([, mention]) => mention as string)
      .filter((path) => !existsSync(toRepositoryPath(path)));
    expect(missing.filter((path) => !/^(?:dist|\.knock-local)\//.test(path))).toEqual([]);
  });

  it("names only functions that their files have", () => {
    const page = readFileSync("docs/internals/walkthrough.md", "utf8");
    const pairs = [...page.matchAll(/`(?:\w+\.)?(\w+)`\s+in\s+`([\w/-]+\.ts)`/g)];
    expect(pairs.length).toBeGreaterThan(25);
    const missing = pairs.filter(([, name, file]) => !texts.get(`src/${file}`)?.includes(name as string));
    expect(missing.map(([text]) => text)).toEqual([]);
  });
});

describe("the decisions", () => {
  const notes = readdirSync("docs/decisions").filter((name) => name !== "README.md");

  it.each(notes)("%s has its context, decision and consequences", (name) => {
    const text = readFileSync(`docs/decisions/${name}`, "utf8");
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(expect.arrayContaining(["Context", "Decision", "Consequences"]));
  });

  it("are all in the index, in the order of their numbers", () => {
    const index = readFileSync("docs/decisions/README.md", "utf8");
    const listed = [...index.matchAll(/^\| \d{4} \| \[[^\]]+\]\(([^)]+)\)/gm)].map(([, file]) => file);
    expect(listed).toEqual([...notes].sort());
  });
});

describe("names in the source", () => {
  it("start limits with MAX", () => {
    expect(sources.filter((file) => RETIRED_PREFIXES.test(texts.get(file) as string))).toEqual([]);
  });

  it("form times with toIsoTime, except on the page", () => {
    const files = sources.filter((file) => file.startsWith("src/") && !file.startsWith("src/page/"));
    const others = files.filter((file) => (texts.get(file) as string).includes(".toISOString("));
    expect(others).toEqual(["src/util/iso-time.ts"]);
  });

  it("import it and not test from Vitest, and cast to no wider operations", () => {
    const tests = sources.filter((file) => file.startsWith("test/") && !file.endsWith("testing-modules.test.ts"));
    const imports = tests.filter((file) =>
      /^import \{[^}]*\btest\b[^}]*\} from "vitest";/m.test(texts.get(file) as string),
    );
    expect(imports).toEqual([]);
    expect(sources.filter((file) => (texts.get(file) as string).includes("as LocalOperations"))).toEqual([]);
  });
});
