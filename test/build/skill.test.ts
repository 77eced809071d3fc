import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { REASONS } from "../../src/domain/run/reasons.js";
import { ERROR_CODES } from "../../src/errors/error-codes.js";
import { listLeaves, loadCommands } from "../helpers/load-commands.js";

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "skills/knock");
/** An estimate that is common for English text. */
const CHARACTERS_PER_TOKEN = 4;

const read = (name: string): string => readFileSync(join(FOLDER, name), "utf8");
const [, frontMatter = "", body = ""] = /^---\n(.*?)\n---\n(.*)$/s.exec(read("SKILL.md")) ?? [];

describe("the skill for coding agents", () => {
  it("has the front matter of the open format", () => {
    const fields = parse(frontMatter) as Record<string, string>;
    expect(Object.keys(fields)).toEqual(["name", "description", "license", "compatibility"]);
    expect(fields.name).toBe("knock");
    expect(fields.description?.length).toBeLessThanOrEqual(1024);
    expect(fields.compatibility?.length).toBeLessThanOrEqual(500);
  });

  it("has a body of at most 2,500 tokens", () => {
    expect(body.length / CHARACTERS_PER_TOKEN).toBeLessThanOrEqual(2_500);
  });

  it("links to every reference", () => {
    for (const name of readdirSync(join(FOLDER, "references"))) expect(body).toContain(`](references/${name})`);
  });

  it("has references of at most 3,500 tokens, with every command, error code and reason", async () => {
    for (const name of readdirSync(join(FOLDER, "references")))
      expect(read(`references/${name}`).length / CHARACTERS_PER_TOKEN, name).toBeLessThanOrEqual(3_500);
    const commands = listLeaves(await loadCommands()).map(({ words }) => words.join(" "));
    const listNames = (name: string): string[] =>
      [...read(`references/${name}.md`).matchAll(/^- `(?:knock )?([^`]+)`/gm)].map(([, one]) => one as string);
    expect(listNames("commands")).toEqual(commands);
    expect(listNames("errors")).toEqual(expect.arrayContaining(Object.keys(ERROR_CODES)));
    expect(listNames("reasons")).toEqual(Object.keys(REASONS));
  });
});

describe("llms.txt", () => {
  it("has a title, a summary, and a link to each page of the package", () => {
    const text = readFileSync(join(ROOT, "docs/llms.txt"), "utf8");
    expect(text).toMatch(/^# knock\n\n> \S.*\n\n\S.*\n\n## Guide\n\n- \[[^\]]+\]\(guide\/[\w-]+\.md\): /);
    const links = [...text.matchAll(/^- \[[^\]]+\]\(([^)]+)\)/gm)].map(([, link]) => link as string);
    expect(links).toEqual(
      expect.arrayContaining(["guide/schedules.md", "troubleshooting.md", "reference/files/workflow-json.md"]),
    );
    expect(new Set(links).size).toBe(links.length);
    for (const link of links) expect(readFileSync(join(ROOT, "docs", link), "utf8")).not.toBe("");
    expect(text).not.toMatch(/json-output|api-coverage|internals/);
  });

  it("comes with the texts of the guide, without markers of tests", () => {
    const text = readFileSync(join(ROOT, "docs/llms-full.txt"), "utf8");
    const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { files: string[] };
    // The runbook is for operators with the repository. The package has no room for it.
    const packed = readdirSync(join(ROOT, "docs/guide")).filter((name) => !files.includes(`!docs/guide/${name}`));
    for (const name of packed) expect(text).toContain(`<!-- docs/guide/${name} -->\n\n# `);
    expect(text).not.toMatch(/^<!-- (?:run|file|output|Generated)/m);
  });
});
