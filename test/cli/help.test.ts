import { cpSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSample, type Sample, cliTest as sampleTest } from "../helpers/run-knock.js";

/** Examples that go on until stopped, or ask on the terminal: what ends them is tested elsewhere. */
const NOT_RUN = new Set(["knock worker", "knock dev", "knock auth login"]);

async function helpOf(sample: Sample, words: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await sample.knock([...words, "--help"]);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return stdout;
}

/** The commands that a help text lists. */
function subcommands(help: string): string[] {
  const list = /\nCommands:\n((?: {2}.+\n?)+)/.exec(help)?.[1] ?? "";
  return [...list.matchAll(/^ {2}([a-z]+)/gm)].flatMap(([, name]) => (name && name !== "help" ? [name] : []));
}

function examples(help: string): string[] {
  return [...help.matchAll(/^ {2}\$ (.+)$/gm)].map(([, line]) => line as string);
}

/** Every command of the program with its help, groups and their commands alike. */
async function readAllHelp(): Promise<{ command: string; help: string }[]> {
  const sample = createSample(null);
  try {
    const found: { command: string; help: string }[] = [];
    for (const name of subcommands(await helpOf(sample, []))) {
      const help = await helpOf(sample, [name]);
      const below = subcommands(help);
      if (below.length === 0) found.push({ command: name, help });
      for (const sub of below) found.push({ command: `${name} ${sub}`, help: await helpOf(sample, [name, sub]) });
    }
    return found;
  } finally {
    sample.remove();
  }
}

const all = await readAllHelp();
const lines = [...new Set(all.flatMap(({ help }) => examples(help)))].filter((line) => !NOT_RUN.has(line));

describe("help", () => {
  test.each(all)("$command: says what it does, and has an example of itself", ({ command, help }) => {
    expect(help).toMatch(/^Usage: knock /);
    expect(help).toContain("--json");
    const [name] = command.split(" ");
    expect(examples(help).some((line) => line.includes(`knock ${name}`))).toBe(true);
  });

  test("the examples are found", () => {
    expect(lines.length).toBeGreaterThan(20);
  });
});

describe.concurrent("an example of the help works on the sample project as it stands", () => {
  const env = { KNOCK_API_KEY: "sk_test_0123456789" };
  /** A project in use: runs that wait and that have ended, messages, a profile, a schedule. */
  let used: Sample;

  beforeAll(async () => {
    used = createSample("collab");
    for (const line of [
      "knock notify --file payloads/triggers.jsonl --quiet",
      "knock notify --file payloads/invite.json --quiet",
      "knock clock advance 30m --quiet",
      'echo "$KNOCK_API_KEY" | knock auth login --with-key --profile staging',
      ...lines.filter((example) => example.startsWith("knock schedules create")),
    ]) {
      const { exitCode, stderr } = await used.shell(line, { env });
      expect({ line, exitCode, stderr }).toEqual({ line, exitCode: 0, stderr: "" });
    }
  });
  afterAll(() => used.remove());

  sampleTest.for(lines.map((line) => [line]))("%s", async ([line = ""], { collab }) => {
    cpSync(used.path(".knock-local"), collab.path(".knock-local"), { recursive: true });
    cpSync(used.home, collab.home, { recursive: true });
    const { exitCode, stderr } = await collab.shell(line, { env });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.not.stringContaining("error:") });
  });
});
