import { describe, expect, it } from "vitest";
import { checkPage } from "../../scripts/check-promises.mjs";

const FILES: Record<string, string> = {
  "test/a.test.ts": `
    describe("the store", () => {
      describe.concurrent("after a crash", () => {
        it("loses nothing", { timeout: 60_000 }, () => {});
        it.each([["SIGKILL"]])("is opened after %s, also with [a list]", () => {});
      });
      it.skip("is fast", () => {});
      it.skipIf(process.platform === "win32")("keeps modes", () => {});
    });
    describe.skip("later", () => { it("works", () => {}); });
    describe.each(KINDS)("a $kind store", () => { inProcessTest(\`opens \${name}\`, () => {}); });
    it.for([["E-001 one row", {}]])("%s", () => {});
    test("plain", () => {});
  `,
  "test/cases.test.ts": `
    const CASES = [{ title: "AC-001 accepts a key", status: 200 }];
    describeApiCases("authentication", CASES);
  `,
};

const check = (text: string, page = "SECURITY.md") => checkPage(page, text, (file) => FILES[file] ?? null);

describe("the check of promises", () => {
  it.each([
    "loses nothing",
    "after a crash › loses nothing",
    "the store › loses nothing",
    "the store › after a crash › loses nothing",
    "is opened after %s, also with \\[a list\\]",
    "is opened after SIGKILL, also with \\[a list\\]",
    "keeps modes",
    "a damaged store › opens a file",
    "E-001 one row",
    "plain",
  ])("finds the test %j", (title) => {
    expect(check(`[${title}](test/a.test.ts)`)).toEqual({ faults: [], count: 1 });
  });

  it.each([
    ["loses", 'has no test "loses"'],
    ["later › loses nothing", "has no test"],
    ["after a crash › the store › loses nothing", "has no test"],
    ["the store", "has no test"],
    ["E-002 another row", "has no test"],
    ["is fast", 'skips the test "is fast"'],
    ["works", "skips the test"],
  ])("rejects the title %j", (title, problem) => {
    const { faults } = check(`A text.\n[${title}](test/a.test.ts)`);
    expect(faults).toEqual([expect.stringContaining(problem)]);
    expect(faults[0]).toMatch(/^SECURITY\.md:2: test\/a\.test\.ts /);
  });

  it("finds a case of a table", () => {
    expect(check("[authentication › AC-001 accepts a key](test/cases.test.ts)").faults).toEqual([]);
    expect(check("[AC-002 accepts a key](test/cases.test.ts)").faults).toHaveLength(1);
  });

  it("finds files relative to the page, and rejects one that does not exist", () => {
    expect(check("[plain](../test/a.test.ts)", "docs/reliability.md").faults).toEqual([]);
    expect(check("[plain](test/b.test.ts)").faults).toEqual(["SECURITY.md:1: test/b.test.ts does not exist"]);
  });

  it("rejects a row without a test in a table with that column, and accepts other tables", () => {
    const rows = (header: string) =>
      `| Promise | ${header} |\n|---|---|\n| one | [plain](test/a.test.ts) |\n| two | none |\n`;
    expect(check(rows("Test")).faults).toEqual(["SECURITY.md:4: the row names no test"]);
    expect(check(rows("Value")).faults).toEqual([]);
  });
});
