import { cpSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createInProcessSample, inProcessTest } from "../helpers/run-in-process.js";
import { cliTest, createSample, type Sample } from "../helpers/run-knock.js";

/** Examples that run until stopped, or that ask on the terminal. Other tests run them. */
const NOT_RUN = new Set(["knock worker", "knock dev", "knock auth login"]);

async function helpOf(sample: Sample, words: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await sample.knock([...words, "--help"]);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return stdout;
}

/** Returns the commands that a help text lists. */
function subcommands(help: string): string[] {
  const list = /\nCommands:\n((?: {2}.+\n?)+)/.exec(help)?.[1] ?? "";
  return [...list.matchAll(/^ {2}([a-z]+)/gm)].flatMap(([, name]) => (name && name !== "help" ? [name] : []));
}

function examples(help: string): string[] {
  return [...help.matchAll(/^ {2}\$ (.+)$/gm)].map(([, line]) => line as string);
}

interface CommandHelp {
  command: string;
  help: string;
}

/** Returns the help of the program, of its groups, and of every command that is not a group. */
async function readAllHelp(): Promise<{ first: CommandHelp[]; all: CommandHelp[] }> {
  const sample = createInProcessSample(null);
  try {
    const first = [{ command: "", help: await helpOf(sample, []) }];
    const all: CommandHelp[] = [];
    for (const name of subcommands(first[0]?.help ?? "")) {
      const commandHelp = { command: name, help: await helpOf(sample, [name]) };
      first.push(commandHelp);
      const below = subcommands(commandHelp.help);
      if (below.length === 0) all.push(commandHelp);
      for (const sub of below) all.push({ command: `${name} ${sub}`, help: await helpOf(sample, [name, sub]) });
    }
    return { first, all };
  } finally {
    sample.remove();
  }
}

/**
 * Returns the words of a command that a shell would only split; null if it does more or the command starts processes.
 */
function wordsOf(line: string): string[] | null {
  const bare = line.replaceAll(/'[^']*'/g, "");
  if (!/^knock (?!dev\b)/.test(bare) || /["$|&;<>()`*?\\]/.test(bare)) return null;
  return [...line.matchAll(/(?:'[^']*'|\S)+/g)].slice(1).map(([word]) => word.replaceAll("'", ""));
}

const { first, all } = await readAllHelp();
const lines = [...new Set(all.flatMap(({ help }) => examples(help)))].filter((line) => !NOT_RUN.has(line));

describe("help", () => {
  it.each(all)("says what $command does, and has an example of it", ({ command, help }) => {
    expect(help).toMatch(/^Usage: knock /);
    expect(help).toContain("--json");
    const [name] = command.split(" ");
    expect(examples(help).some((line) => line.includes(`knock ${name}`))).toBe(true);
  });

  cliTest.concurrent.for(first)(
    "is the same in the built command: knock $command",
    async ({ command, help }, { empty }) => {
      expect(await helpOf(empty, command === "" ? [] : [command])).toBe(help);
    },
  );

  it("has examples", () => {
    expect(lines.length).toBeGreaterThan(20);
  });
});

describe.concurrent("an example of the help with the sample project", () => {
  const env = { KNOCK_API_KEY: "sk_test_0123456789" };
  /** Creates a project with waiting and ended runs, messages, a profile and a schedule. */
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

  function prepare(sample: Sample): void {
    cpSync(used.path(".knock-local"), sample.path(".knock-local"), { recursive: true });
    cpSync(used.home, sample.home, { recursive: true });
  }
  const succeeded = { exitCode: 0, stderr: expect.not.stringContaining("error:") };
  const plain = lines.filter((line) => wordsOf(line) !== null);

  inProcessTest.for(plain.map((line) => [line]))("works: %s", async ([line = ""], { collab }) => {
    prepare(collab);
    const { exitCode, stderr } = await collab.knock(wordsOf(line) ?? [], { env });
    expect({ exitCode, stderr }).toEqual(succeeded);
  });

  cliTest.for(lines.filter((line) => !plain.includes(line)).map((line) => [line]))(
    "works: %s",
    async ([line = ""], { collab }) => {
      prepare(collab);
      const { exitCode, stderr } = await collab.shell(line, { env });
      expect({ exitCode, stderr }).toEqual(succeeded);
    },
  );
});
