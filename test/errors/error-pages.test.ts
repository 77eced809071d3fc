import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { buildValidationReport } from "../../src/checks/project-finding.js";
import { ENVIRONMENT_VARIABLES } from "../../src/commands/shared/environment-variables.js";
import { REASON_CHECKS } from "../../src/domain/run/reason-checks.js";
import { REASONS } from "../../src/domain/run/reasons.js";
import { FINDING_CODES, type FindingCode } from "../../src/domain/validation/finding-codes.js";
import { FINDING_EXPLANATIONS } from "../../src/domain/validation/finding-explanations.js";
import { ERROR_CODES, type ErrorCode, EXIT } from "../../src/errors/error-codes.js";
import { ERROR_EXPLANATIONS } from "../../src/errors/error-explanations.js";
import { EXIT_CODE_MEANINGS } from "../../src/errors/exit-code-meanings.js";
import { KnockError } from "../../src/errors/knock-error.js";
import { Output, type Verbosity } from "../../src/output/output.js";
import { printError } from "../../src/output/print-error.js";
import type { JsonObject } from "../../src/util/json.js";

const readPage = (path: string): string => readFileSync(resolve(import.meta.dirname, "../..", path), "utf8");

/** Returns the headings of a page that are one code, which are also their anchors. */
const listCodeHeadings = (page: string): string[] =>
  [...page.matchAll(/^#{2,3} `(\w+)`$/gm)].map(([, code]) => code as string);

/** Returns the cells of all tables of a page, without the headings. */
const readRows = (page: string): string[][] =>
  page
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.slice(2, -2).split(" | "));

/** Prints errors and returns the lines of standard error. */
async function printErrors(errors: readonly Error[], verbosity: Partial<Verbosity> = {}): Promise<string[]> {
  let text = "";
  const write = (written: string): void => {
    text += written;
  };
  const stream = { isTTY: false, write, writeAsync: async (written: string) => write(written) };
  const output = await Output.open({ stdout: stream, stderr: stream, env: {} });
  output.verbosity = { json: false, quiet: false, verbose: false, ...verbosity };
  for (const error of errors) printError(error, output, false);
  return text.trimEnd().split("\n");
}

/** Returns the error document that `--json` prints for an error. */
async function printDocument(error: Error): Promise<JsonObject> {
  const lines = await printErrors([error], { json: true });
  return (JSON.parse(lines.at(-1) ?? "") as { error: JsonObject }).error;
}

describe("an error with several causes", () => {
  const error = new KnockError("store_unusable", "no store", { hint: "Use another." });
  const lines = ["error: no store", "hint: Use another."];

  it("names the command that explains it, once", async () => {
    const more = "more: knock help error store_unusable";
    expect(await printErrors([error, error])).toEqual([...lines, more, ...lines]);
  });

  it("does not name the command with --quiet or --json, or if the hint is sufficient", async () => {
    expect(await printErrors([error], { quiet: true })).toEqual(lines);
    expect((await printErrors([error], { json: true })).slice(0, -1)).toEqual(lines);
    const usage = new KnockError("usage", "no store", { hint: "Use another." });
    expect(await printErrors([usage])).toEqual(lines);
  });
});

describe("docs/troubleshooting.md", () => {
  const page = readPage("docs/troubleshooting.md");

  it("has a section for each error code", () => {
    expect(listCodeHeadings(page)).toEqual(Object.keys(ERROR_CODES));
  });

  it.each(Object.keys(ERROR_CODES) as ErrorCode[])("contains the section that an error %s names", async (code) => {
    const document = await printDocument(new KnockError(code, "message"));
    const [file, anchor] = String(document.docs).split("#");
    expect(file).toBe("docs/troubleshooting.md");
    expect(document.code).toBe(code);
    const [, section = ""] = page.split(`\n## \`${anchor}\`\n`);
    expect(section).toContain(ERROR_EXPLANATIONS[code].meaning);
    for (const fix of ERROR_EXPLANATIONS[code].fix) expect(section).toContain(`- ${fix}\n`);
  });

  it.each(Object.keys(FINDING_CODES) as FindingCode[])("contains the section that a finding %s names", (code) => {
    const [finding] = buildValidationReport([{ code, message: "", file: "f", line: 1, column: 1, pointer: "" }], {
      files: 1,
    }).findings;
    expect(finding?.docs).toBe(`docs/troubleshooting.md#${code}`);
    expect(page).toMatch(new RegExp(`^#{2,4} \`${code}\`$`, "m"));
    if (code in ERROR_CODES) return;
    const { meaning, fix } = FINDING_EXPLANATIONS[code as keyof typeof FINDING_EXPLANATIONS];
    expect(page).toContain(`#### \`${code}\`\n\n${meaning}\n\n${fix}\n`);
  });

  it("contains the section that an unexpected error names", async () => {
    expect(await printDocument(new TypeError("x is undefined"))).toMatchObject({
      code: "internal",
      docs: "docs/troubleshooting.md#internal",
    });
  });
});

describe("docs/reference", () => {
  it("lists every exit code with its meaning and its error codes", () => {
    const rows = readRows(readPage("docs/reference/exit-codes.md"));
    for (const [name, exit] of Object.entries(EXIT)) {
      const row = rows.find(([first]) => first === `${exit}`);
      expect(row?.[1]).toBe(EXIT_CODE_MEANINGS[name as keyof typeof EXIT]);
      for (const [code, definition] of Object.entries(ERROR_CODES))
        expect((row?.[2] ?? "").includes(`#${code})`)).toBe(definition.exit === exit);
    }
  });

  it("lists every reason with its meaning and what to check", () => {
    const page = readPage("docs/reference/reasons.md");
    const rows = readRows(page);
    for (const [code, meaning] of Object.entries(REASONS))
      expect(rows).toContainEqual([`[\`${code}\`](#${code})`, meaning]);
    expect(listCodeHeadings(page)).toEqual(Object.keys(REASONS));
    expect(Object.keys(REASON_CHECKS)).toEqual(Object.keys(REASONS));
    for (const check of Object.values(REASON_CHECKS)) expect(page).toContain(`\n${check}\n`);
  });

  it("lists every environment variable with its meaning and its flag", () => {
    const rows = readRows(readPage("docs/reference/environment-variables.md"));
    for (const { name, meaning, default: value, flag } of ENVIRONMENT_VARIABLES)
      expect(rows.find(([first]) => first === `\`${name}\``)?.slice(1, 4)).toEqual(
        expect.arrayContaining([meaning, value, ...(flag === undefined ? [] : [`\`${flag}\``])]),
      );
  });
});
