import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect } from "vitest";
import { findDocsFolder, listPagePaths, parsePage, readPage } from "../../../src/features/docs/pages.js";
import { catchThrown } from "../../helpers/catch-error.js";
import { inProcessTest as it } from "../../helpers/run-in-process.js";

const ROOT = resolve(import.meta.dirname, "../../..");

interface Result {
  page: string | null;
  command: string;
  excerpt: string;
  anchor: string | null;
}

describe.concurrent("knock docs", () => {
  it("lists the pages of the package without words", async ({ empty }) => {
    const { stdout, stderr, exitCode } = await empty.knock(["docs"]);
    expect(stdout).toMatch(/^guide\n(?: {2}guide\/[\w-]+ +\S.*\n)+\nrecipes\n/);
    expect(stdout).toMatch(/^ {2}guide\/schedules +Schedules$/m);
    expect(stderr).toContain("Run `knock docs <page>` to read a page");
    expect(exitCode).toBe(0);
    const { json } = await empty.knock(["docs", "--json"]);
    const pages = (json.items as { page: string; section: string }[]).map(({ page }) => page);
    expect(pages).toContain("docs/reference/commands/docs.md");
    // These pages are only in the repository.
    expect(pages.filter((page) => /json-output|api-coverage|internals|decisions|reliability/.test(page))).toEqual([]);
    expect((await empty.knock(["docs", "-q"])).stdout.split("\n")).toHaveLength(pages.length);
  });

  it.for(["guide/schedules", "docs/guide/schedules.md", "guide/schedules.md", "./docs/guide/schedules"])(
    "prints the page %s",
    async (name, { empty }) => {
      const { stdout, stderr, exitCode } = await empty.knock(["docs", name]);
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      expect(stdout).toMatch(/^# Schedules\n\n\S/);
      expect(stdout).toContain("\n## Test it\n");
      expect(stdout).not.toContain("<!--");
    },
  );

  it("prints the index of a folder", async ({ empty }) => {
    expect((await empty.knock(["docs", "reference/commands/"])).stdout).toMatch(/^# Commands\n/);
  });

  it("prints a section with its subsections", async ({ empty }) => {
    const { stdout } = await empty.knock(["docs", "guide/schedules#test-it"]);
    expect(stdout).toMatch(/^## Test it\n/);
    expect(stdout).not.toMatch(/^## (?!Test it)/m);
    const { json } = await empty.knock(["docs", "docs/troubleshooting.md#actor_missing", "--json"]);
    expect(json).toMatchObject({
      page: "docs/troubleshooting.md",
      anchor: "actor_missing",
      text: expect.stringMatching(/^## `actor_missing`\n[\s\S]*\*\*Fix\*\*/),
    });
    expect(json.sections).toContainEqual({ heading: "usage", anchor: "usage" });
  });

  it.for<[query: string, command: string, within: number]>([
    ["move the clock", "knock docs guide/time-and-batches#move-the-clock", 1],
    ["How do I move the clock?", "knock docs guide/time-and-batches#move-the-clock", 1],
    ["quiet hours", "knock docs guide/forecast#check-limits", 1],
    ["test scenarios", "knock docs guide/test-workflows", 3],
    ["actor_missing", "knock docs troubleshooting#actor_missing", 1],
    ["missing_recipient_data", "knock docs reference/reasons#missing_recipient_data", 2],
    ["undefined_variable", "knock docs troubleshooting#undefined_variable", 2],
    ["exit code", "knock help exit-codes", 5],
    ["local store", "knock help store", 2],
    ["test an application", "knock docs guide/test-your-app", 1],
    ["sandbx", "knock docs guide/concepts#sandbox", 1],
    ["schedul", "knock docs guide/schedules", 3],
  ])("finds %j: %s", async ([query, command, within], { empty }) => {
    const { json, stderr, exitCode } = await empty.knock(["docs", ...query.split(" "), "--json"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const items = json.items as unknown as Result[];
    expect(items.length).toBeLessThanOrEqual(10);
    expect(items.slice(0, within).map((item) => item.command)).toContain(command);
  });

  it("names the command as it was started", async ({ empty }) => {
    const options = { bin: "/usr/bin/knock-cli" };
    const { json } = await empty.knock(["docs", "exit", "codes", "--json"], options);
    expect((json.items as unknown as Result[])[0]?.command).toBe("knock-cli docs reference/exit-codes");
    expect((await empty.knock(["docs", "exit", "codes", "-q"], options)).stdout).toMatch(/^reference\/exit-codes$/m);
  });

  it("prints commands that print what was found", async ({ empty }) => {
    const { json } = await empty.knock(["docs", "delay", "--limit", "30", "--json"]);
    const items = json.items as unknown as Result[];
    expect(items).toHaveLength(30);
    for (const { command, excerpt, page } of items) {
      expect(excerpt.length).toBeLessThan(200);
      if (page === null) continue;
      const { exitCode, stdout } = await empty.knock(command.split(" ").slice(1));
      expect({ command, exitCode, isText: stdout.startsWith("#") }).toEqual({ command, exitCode: 0, isText: true });
    }
  });

  it("limits the results, and prints only names with --quiet", async ({ empty }) => {
    const { stdout, stderr } = await empty.knock(["docs", "quiet", "hours", "--limit", "2", "-q"]);
    expect(stdout.split("\n")).toEqual(["guide/forecast#check-limits", expect.stringMatching(/^[\w/-]+(?:#[\w-]+)?$/)]);
    expect(stderr).toBe("");
  });

  it.for<[args: string[], exit: number, error: string]>([
    [
      ["guide/test-workflow"],
      5,
      'no page "guide/test-workflow" in the documentation\nhint: Did you mean "guide/test-workflows"?',
    ],
    [
      ["docs/schedules.md"],
      5,
      'no page "docs/schedules.md" in the documentation\nhint: Did you mean "guide/schedules"?',
    ],
    [["guide/../../package.json"], 5, "hint: Run `knock docs` to list the pages."],
    [["guide/schedules#test"], 5, 'the page guide/schedules has no section "test"\nhint: Did you mean "test-it"?'],
    [["qqqqq"], 5, 'no page of the documentation contains "qqqqq"\nhint: Use other words, or run `knock docs`'],
    [["brodcssst"], 5, 'contains "brodcssst"\nhint: Did you mean "broadcast"?'],
    [["the"], 5, 'no page of the documentation contains "the"'],
    [[""], 2, "the words to search are empty\nhint: For example: knock docs move the clock."],
    [["clock", "--limit", "0"], 2, '--limit: "0" is not a whole number from 1 to 100'],
  ])("rejects %j: exit %i", async ([args, exit, error], { empty }) => {
    const { stdout, stderr, exitCode } = await empty.knock(["docs", ...args]);
    expect(stderr).toContain(error);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: exit });
  });

  it("completes the names of pages", async ({ collab }) => {
    const env = { COMP_LINE: "knock docs guide/sch", SHELL: "/bin/zsh" };
    expect((await collab.knock(["completion-server"], { env })).stdout).toBe("guide/schedules");
  });
});

describe("the pages", () => {
  it("are missing in an incomplete installation", () => {
    expect(catchThrown(() => findDocsFolder(join(tmpdir(), "no-such-folder")))).toMatchObject({
      code: "resource_missing",
      message: expect.stringContaining("the documentation is missing: there is no "),
    });
  });

  it("have different anchors, and sections with all of their text", () => {
    const folder = findDocsFolder(ROOT);
    for (const path of listPagePaths(folder)) {
      const { sections } = readPage(folder, path);
      expect(new Set(sections.map(({ anchor }) => anchor)).size, path).toBe(sections.length);
      const letters = (text: string): string => text.replaceAll(/^<!--.*-->$|\s/gm, "");
      expect(letters(sections.map(({ text }) => text).join("")), path).toBe(
        letters(readFileSync(join(ROOT, path), "utf8")),
      );
    }
  });

  it("keep code as it is", () => {
    const code = "````md\n# not a heading\n\n\n<!-- kept -->\n```\n````";
    const { title, sections } = parsePage(
      "docs/x.md",
      `<!-- no -->\r\n\r\n# A \`b\`\r\n\r\n${code}\r\n\r\n## A\n## A\n`,
    );
    expect(title).toBe("A b");
    expect(sections.map(({ anchor }) => anchor)).toEqual(["a-b", "a", "a-1"]);
    expect(sections[0]?.text).toContain(code);
  });
});
