import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect } from "vitest";
import { HELP_TOPICS } from "../../src/commands/help-topics/topics.js";
import { ENVIRONMENT_VARIABLES } from "../../src/commands/shared/environment-variables.js";
import { ERROR_CODES } from "../../src/errors/error-codes.js";
import { ERROR_EXPLANATIONS } from "../../src/errors/error-explanations.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const MAX_LINES = 40;
const TOPICS = Object.keys(HELP_TOPICS);
const CODES = Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[];

/** Expects a short page that fits 80 columns and names an existing documentation page. */
function expectPage(text: string): void {
  expect(text.split("\n").filter((line) => line.length > 80 && !line.startsWith("More: "))).toEqual([]);
  expect(text.split("\n").length).toBeLessThan(MAX_LINES);
  const [, name, path] = /^More: (?:`knock docs ([\w/-]+)(?:#\w+)?`$|(\/.+))/m.exec(text) ?? [];
  const page = path ?? resolve(import.meta.dirname, `../../docs/${name}.md`);
  expect({ page, exists: existsSync(page) }).toEqual({ page, exists: true });
}

describe.concurrent("knock help <topic>", () => {
  it.for(TOPICS)("prints a short page about %s", async (topic, { empty }) => {
    const { stdout, stderr, exitCode } = await empty.knock(["help", topic]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toContain(HELP_TOPICS[topic]?.summary);
    expectPage(stdout);
  });

  it("lists every topic and command without a name", async ({ empty }) => {
    const { stdout, exitCode } = await empty.knock(["help"]);
    expect(exitCode).toBe(0);
    for (const name of [...TOPICS, "error <code>", "notify", "config"])
      expect(stdout).toMatch(new RegExp(`^  ${name}\\b.*  \\S|^  ${name} +\\S`, "m"));
    expect((await empty.knock([])).stdout).toBe(stdout);
  });

  it("lists every exit code, and every variable of knock", async ({ empty }) => {
    const { stdout: exitCodes } = await empty.knock(["help", "exit-codes"]);
    for (const code of CODES) expect(exitCodes).toMatch(new RegExp(`^ +${ERROR_CODES[code].exit} `, "m"));
    const { stdout: variables } = await empty.knock(["help", "environment"]);
    for (const { name } of ENVIRONMENT_VARIABLES.filter((variable) => variable.name.startsWith("KNOCK_")))
      expect(variables).toContain(`  ${name} `);
  });

  it("names the commands of both targets", async ({ empty }) => {
    const { stdout } = await empty.knock(["help", "targets"]);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "Commands for both targets: audiences, cancel, feed, messages list, messages mark, messages show, notify, objects, preferences, replay, review, runs list, runs show, schedules, subscriptions, tenants, users, why.",
    );
  });
});

describe.concurrent("knock help error", () => {
  it("explains every code in a short page", async ({ empty }) => {
    const { stdout: list } = await empty.knock(["help", "error"]);
    expectPage(list);
    for (const code of CODES) {
      expect(list).toMatch(new RegExp(`\\b${code}\\b`));
      const { stdout, exitCode } = await empty.knock(["help", "error", code]);
      expect(exitCode).toBe(0);
      expectPage(stdout);
      expect(stdout).toContain(`${code} (exit code ${ERROR_CODES[code].exit})`);
      const words = stdout.replaceAll(/\s+/g, " ");
      const { meaning, causes, fix } = ERROR_EXPLANATIONS[code];
      for (const text of [meaning, ...causes, ...fix]) expect(words).toContain(text);
    }
  });

  it("suggests the nearest code", async ({ empty }) => {
    const { stderr, exitCode } = await empty.knock(["help", "error", "actor_mising"]);
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      'error: there is no error code "actor_mising"\nhint: Did you mean `knock help error actor_missing`?',
    );
    const other = await empty.knock(["help", "error", "nothing"]);
    expect(other.stderr).toContain("hint: Run `knock help error` to list the error codes.");
  });
});

describe.concurrent("knock help <command>", () => {
  it.for<[help: string[], same: string[]]>([
    [["notify"], ["notify", "--help"]],
    [["trigger"], ["notify", "--help"]],
    [
      ["workflow", "run"],
      ["notify", "--help"],
    ],
    [
      ["runs", "show"],
      ["runs", "show", "--help"],
    ],
    [
      ["run", "show"],
      ["runs", "show", "--help"],
    ],
    [["runs"], ["runs", "--help"]],
    [
      ["clock", "advance"],
      ["clock", "advance", "--help"],
    ],
  ])("prints the help of %j", async ([names, same], { empty }) => {
    const expected = await empty.knock(same);
    for (const args of [
      ["help", ...names],
      ["--help", ...names],
    ]) {
      const { stdout, stderr, exitCode } = await empty.knock(args);
      expect({ stdout, stderr, exitCode }).toEqual({ stdout: expected.stdout, stderr: "", exitCode: 0 });
    }
  });

  it.for<[names: string[], error: string]>([
    [["clok"], 'error: there is no command or help topic "clok"\nhint: Did you mean "clock"?'],
    [["exit-code"], 'error: there is no command or help topic "exit-code"\nhint: Did you mean "exit-codes"?'],
    [["runs", "shw"], 'error: knock runs has no command "shw"\nhint: Did you mean "show"?'],
    [
      ["notify", "hello"],
      'error: knock notify has no command "hello"\nhint: Run `knock help notify` to see its arguments and options.',
    ],
  ])("suggests the nearest name for %j", async ([names, error], { empty }) => {
    const { stdout, stderr, exitCode } = await empty.knock(["help", ...names]);
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: "", stderr: error, exitCode: 2 });
  });
});
