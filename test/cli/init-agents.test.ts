import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect } from "vitest";
import { updateAgentsFile } from "../../src/features/init/agents-section.js";
import { catchThrown } from "../helpers/catch-error.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const SKILL = readFileSync(resolve(import.meta.dirname, "../../skills/knock/SKILL.md"), "utf8");
const AGENTS = ["init", "--agents"];

const readSection = (sample: Sample, file = "AGENTS.md"): string =>
  /<!-- knock:start[\s\S]*<!-- knock:end -->/.exec(sample.read(file))?.[0] ?? "";

describe.concurrent("knock init --agents", () => {
  it("creates AGENTS.md and the skill, and changes nothing the second time", async ({ empty }) => {
    const { stdout, stderr, exitCode } = await empty.knock(AGENTS);
    expect({ exitCode, next: stderr }).toEqual({
      exitCode: 0,
      next: "Next: run `knock notify hello --recipients ada`",
    });
    for (const line of [
      "✓ AGENTS.md",
      "✓ .agents/skills/knock/SKILL.md",
      "✓ .agents/skills/knock/references/errors.md",
    ])
      expect(stdout.split("\n")).toContain(line);
    expect(empty.read("AGENTS.md")).toMatch(/^<!-- knock:start -->\n## [\s\S]*\n<!-- knock:end -->\n$/);
    expect(empty.read(".agents/skills/knock/SKILL.md")).toBe(SKILL);
    expect(existsSync(empty.path(".claude"))).toBe(false);
    const { json } = await empty.knock([...AGENTS, "--json"]);
    expect(json).toMatchObject({ files: [], changed: [], kept: expect.arrayContaining(["AGENTS.md"]) });
  });

  it("writes no file for agents without the option", async ({ empty }) => {
    await empty.knock(["init"]);
    expect([".agents", "AGENTS.md"].filter((name) => existsSync(empty.path(name)))).toEqual([]);
  });

  it("replaces only its section of AGENTS.md", async ({ empty }) => {
    await empty.knock(AGENTS);
    const section = readSection(empty);
    const around = (text: string): string => `# House rules\r\n\nBe nice.\n\n${text}\n\nLast line without end`;
    empty.write("AGENTS.md", around(section.replace(/^- Prove.*$/m, "- Old advice.")));
    const { json } = await empty.knock([...AGENTS, "--json"]);
    expect(json.changed).toEqual(["AGENTS.md"]);
    expect(empty.read("AGENTS.md").replaceAll("\r\n", "\n")).toBe(around(section).replaceAll("\r\n", "\n"));
  });

  it("follows the text of an AGENTS.md that has no section, through a link", async ({ empty }) => {
    empty.write("CLAUDE.md", "# Rules\r\n");
    symlinkSync("CLAUDE.md", empty.path("AGENTS.md"));
    await empty.knock(AGENTS);
    expect(empty.read("CLAUDE.md")).toMatch(
      /^# Rules\r\n\r\n<!-- knock:start -->\r\n[^\n]*\r\n(?:[^\n]*\r\n)*<!-- knock:end -->\r\n$/,
    );
    // A CLAUDE.md says that Claude Code is used.
    expect(empty.read(".claude/skills/knock/SKILL.md")).toBe(SKILL);
  });

  it("uses the root of the repository, with a section for each project", async ({ empty }) => {
    mkdirSync(empty.path(".git"));
    for (const folder of ["apps/one", "apps/two"])
      expect((await empty.knock(["init", folder, "--agents"])).exitCode).toBe(0);
    await empty.knock(["init", "apps/one", "--agents"]);
    const text = empty.read("AGENTS.md");
    expect(text.match(/^<!-- knock:start .*$/gm)).toEqual([
      "<!-- knock:start apps/one -->",
      "<!-- knock:start apps/two -->",
    ]);
    expect(text).toContain("is in `apps/two`");
    expect(existsSync(empty.path("apps/one/.agents"))).toBe(false);
    expect(existsSync(empty.path(".agents/skills/knock/SKILL.md"))).toBe(true);
  });

  it.for<[names: string, folders: string[]]>([
    ["claude", [".claude"]],
    ["codex,cursor", [".agents"]],
    ["claude, gemini", [".agents", ".claude"]],
  ])("installs the skill for %s in %j", async ([names, folders], { empty }) => {
    expect((await empty.knock([...AGENTS, names])).exitCode).toBe(0);
    const found = [".agents", ".claude"].filter((folder) => existsSync(empty.path(folder, "skills/knock/SKILL.md")));
    expect(found).toEqual(folders);
    expect(readSection(empty)).toContain(`Read \`${folders[0]}/skills/knock/SKILL.md\``);
  });

  it("keeps files of the skill that were edited, until --force is given", async ({ empty }) => {
    await empty.knock(AGENTS);
    empty.write(".agents/skills/knock/SKILL.md", "mine");
    const kept = await empty.knock(AGENTS);
    expect(kept.stderr).toContain(
      "warning: .agents/skills/knock differs from the skill of this version and was kept: SKILL.md. Add --force to replace these files.",
    );
    expect(empty.read(".agents/skills/knock/SKILL.md")).toBe("mine");
    const forced = await empty.knock([...AGENTS, "--force"]);
    expect(forced.stdout).toContain("✓ .agents/skills/knock/SKILL.md changed");
    expect(empty.read(".agents/skills/knock/SKILL.md")).toBe(SKILL);
  });

  it.for<[text: string, error: string]>([
    [
      "a\n<!-- knock:start -->\nb\n",
      "AGENTS.md:2: the section of knock has no end\nhint: Add the line <!-- knock:end -->",
    ],
    ["<!-- knock:start -->\n<!-- knock:start -->\n<!-- knock:end -->", "AGENTS.md:1: the section of knock has no end"],
    ["a\n\n<!-- knock:end -->\n", "AGENTS.md:3: the end of a section of knock has no start\nhint: Remove the line."],
    [
      "<!-- knock:start -->\n<!-- knock:end -->\n\n<!-- knock:start -->\n<!-- knock:end -->\n",
      "AGENTS.md:4: there are two sections of knock; the first one is in line 1\nhint: Remove one. Nothing was changed.",
    ],
  ])("rejects wrong markers in %j", async ([text, error], { empty }) => {
    empty.write("AGENTS.md", text);
    const { stdout, stderr, exitCode } = await empty.knock(AGENTS);
    expect(stderr).toContain(`error: ${error}`);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 3 });
    expect(empty.read("AGENTS.md")).toBe(text);
    expect(existsSync(empty.path("knock.json"))).toBe(false);
  });

  it.for<[args: string[], exit: number, error: string]>([
    [["--agents", "cladue"], 2, '--agents: there is no agent "cladue"\nhint: Did you mean "claude"?'],
    [["--force"], 2, "error: --force replaces files of the skill, so it needs --agents"],
    [["--agents", "my-app"], 2, "Put the folder of the project before --agents."],
  ])("rejects %j", async ([args, exit, error], { empty }) => {
    const { stderr, exitCode } = await empty.knock(["init", ...args]);
    expect(stderr).toContain(error);
    expect(exitCode).toBe(exit);
  });

  it("rejects an AGENTS.md that is a folder", async ({ empty }) => {
    mkdirSync(join(empty.dir, "AGENTS.md"));
    const { stderr, exitCode } = await empty.knock(AGENTS);
    expect(stderr).toMatch(/^error: AGENTS\.md could not be read: EISDIR.*\nhint: Make it a readable file/);
    expect(exitCode).toBe(3);
  });
});

describe("updateAgentsFile", () => {
  const section = "<!-- knock:start -->\nnew\n<!-- knock:end -->";

  it.each<[name: string, text: string, expected: string]>([
    ["an empty file", "", `${section}\n`],
    ["a text without a last line break", "a", `a\n\n${section}\n`],
    [
      "mixed line breaks",
      `a\r\nb\n<!-- knock:start -->\nold\n<!-- knock:end -->\nc\r\n`,
      `a\r\nb\n${section.replaceAll("\n", "\r\n")}\nc\r\n`,
    ],
    ["the end of the file", "a\n<!-- knock:start -->\n<!-- knock:end -->", `a\n${section}`],
    [
      "a section of another project",
      "<!-- knock:start x -->\n<!-- knock:end -->\n",
      `<!-- knock:start x -->\n<!-- knock:end -->\n\n${section}\n`,
    ],
  ])("keeps %s", (_name, text, expected) => {
    expect(updateAgentsFile(text, section, "", "AGENTS.md")).toBe(expected);
  });

  it("names the line of a wrong marker", () => {
    expect(catchThrown(() => updateAgentsFile("\n<!-- knock:end -->", section, "", "AGENTS.md")).message).toContain(
      ":2:",
    );
  });
});
