import { cpSync, existsSync } from "node:fs";
import { Command } from "commander";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROGRAM } from "../../src/app/program.js";
import { getExamples } from "../../src/commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../src/commands/shared/help-groups.js";
import type { CommandContext } from "../../src/context/command-context.js";
import { startCommandBridge } from "../helpers/command-bridge.js";
import { ACCOUNT_COMMANDS, runWithAccount } from "../helpers/project-emulator.js";
import { createInProcessSample, inProcessTest } from "../helpers/run-in-process.js";
import { BIN, type CommandResult, cliTest, createSample, type Sample } from "../helpers/run-knock.js";

/** Examples that run until stopped, ask on the terminal, or need a database server. Other tests run them. */
const NOT_RUN = new Set([
  "knock worker",
  "knock dev",
  "knock logs --follow",
  "knock auth login",
  "knock channels test email --recipient ada",
  "knock serve --store postgres://knock@localhost/knock --metrics-port 9465",
  "knock keys rotate key_0a1b2c3d4e5f",
  "knock keys rotate key_0a1b2c3d4e5f --keep 0s",
  "knock keys revoke key_0a1b2c3d4e5f",
  "knock store copy --from .knock-local/store.db --to postgres://knock@localhost/knock",
  "knock store migrate --store postgres://admin@localhost/knock",
  "knock store migrate --store postgres://admin@localhost/knock --grant-to worker=knock_worker",
]);

async function readHelp(sample: Sample, words: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await sample.knock([...words, "--help"]);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return stdout;
}

const COMMAND_HEADINGS = ["Commands:", ...Object.values(COMMAND_GROUPS)];

/** Returns the commands that a help text lists. */
function listSubcommands(help: string): string[] {
  const lists = help.split("\n\n").filter((block) => COMMAND_HEADINGS.includes(block.trimStart().split("\n")[0] ?? ""));
  const names = lists.flatMap((list) => [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name as string));
  return names.filter((name) => name !== "help");
}

/** Returns the examples of a help text, each as one line. */
function listExamples(help: string): string[] {
  return [...help.replaceAll(/ \\\n +/g, " ").matchAll(/^ {2}\$ (.+)$/gm)].map(([, line]) => line as string);
}

interface CommandHelp {
  command: string;
  help: string;
}

/** Returns the help of the program, of its groups, and of every command that is not a group. */
async function readAllHelp(): Promise<{ first: CommandHelp[]; all: CommandHelp[] }> {
  const sample = createInProcessSample(null);
  try {
    const first = [{ command: "", help: await readHelp(sample, []) }];
    const all: CommandHelp[] = [];
    for (const name of listSubcommands(first[0]?.help ?? "")) {
      const read = async (words: readonly string[]): Promise<CommandHelp> => {
        const commandHelp = { command: words.join(" "), help: await readHelp(sample, words) };
        const below = listSubcommands(commandHelp.help);
        if (below.length === 0) all.push(commandHelp);
        for (const sub of below) await read([...words, sub]);
        return commandHelp;
      };
      first.push(await read([name]));
    }
    return { first, all };
  } finally {
    sample.remove();
  }
}

/** Prints the help of commands as built, each with its exit code. One process for each would take ten times as long. */
const HELP_OF_ALL = `
  process.setMaxListeners(0); // every start adds listeners for signals
  const [bin, ...commands] = process.argv.slice(1);
  (async () => {
    for (const command of commands) {
      const ended = new Promise((resolve) => { process.exit = resolve; });
      process.argv = [process.execPath, bin, ...command.split(" ").filter(Boolean), "--help"];
      delete require.cache[bin];
      require(bin);
      process.stdout.write("\\n" + (await ended) + "\\0");
    }
  })();`;

/**
 * Returns the words of a command that a shell would only split; null if it does more or the command starts processes.
 */
function splitCommandLine(line: string): string[] | null {
  const bare = line.replaceAll(/'[^']*'/g, "");
  if (!/^knock (?!dev\b)/.test(bare) || /["$|&;<>()`*?\\]/.test(bare)) return null;
  return [...line.matchAll(/(?:'[^']*'|\S)+/g)].slice(1).map(([word]) => word.replaceAll("'", ""));
}

const { first, all } = await readAllHelp();
const lines = [...new Set(all.flatMap(({ help }) => listExamples(help)))].filter((line) => !NOT_RUN.has(line));

describe("help", () => {
  it.each(all)("says what $command does, and has an example of it", ({ command, help }) => {
    expect(help).toMatch(/^Usage: knock /);
    if (!help.startsWith("Usage: knock mcp")) expect(help).toContain("--json"); // it writes the messages of its protocol
    const [name] = command.split(" ");
    expect(listExamples(help).some((line) => line.includes(`knock ${name}`))).toBe(true);
    expect(help.match(/^Examples:/gm)).toHaveLength(1);
  });

  cliTest("is the same in the built command", async ({ empty }) => {
    const { stdout, stderr } = await execa(
      process.execPath,
      ["-e", HELP_OF_ALL, BIN, ...first.map(({ command }) => command)],
      { cwd: empty.dir, env: { HOME: empty.home }, stdin: "ignore" },
    );
    expect(stderr).toBe("");
    const built = stdout.split("\0").slice(0, -1);
    expect(built).toEqual(first.map(({ help }) => `${help}\n\n0`));
  });

  it.each([...first, ...all])("of knock $command fits 80 columns", ({ help }) => {
    expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  inProcessTest("-h prints at most 40 lines, and names the groups of options that it leaves out", async ({ empty }) => {
    const long = all.filter(({ help }) => help.split("\n").length > 40);
    expect(long.map(({ command }) => command)).toContain("notify");
    for (const { command } of long) {
      const { stdout } = await empty.knock([...command.split(" "), "-h"]);
      expect(stdout.split("\n").length, command).toBeLessThanOrEqual(40);
      expect(stdout, command).toMatch(new RegExp(`Run \`knock ${command} --help\` for all options: [^.]*output\\.`));
    }
  });

  inProcessTest.for(["json", "exit-codes", "targets", "error actor_missing", "error"])(
    "of %s names installed documentation",
    async (topic, { empty }) => {
      const { stdout } = await empty.knock(["help", ...topic.split(" ")]);
      const [, name = "", path] = /^More: (?:`knock docs (.+)`|(.+))$/m.exec(stdout) ?? [];
      if (path !== undefined) return expect(existsSync(path), path).toBe(true);
      expect(await empty.knock(["docs", name])).toMatchObject({ stdout: expect.stringMatching(/^##? /), stderr: "" });
    },
  );

  it("has examples", () => {
    expect(lines.length).toBeGreaterThan(20);
  });
});

describe.concurrent("an example of the help with the sample project", () => {
  const env = { KNOCK_API_KEY: "sk_test_0123456789" };
  let bridge: ReturnType<typeof startCommandBridge>;
  const runInShell = (sample: Sample, line: string): Promise<CommandResult> =>
    sample.shell(line, { env: { ...env, PATH: `${bridge.bin}:${process.env.PATH}` } });
  /** A project with waiting and ended runs, messages, a profile and a schedule. */
  let used: Sample;

  beforeAll(async () => {
    bridge = startCommandBridge();
    used = createSample("collab");
    for (const line of [
      "knock notify --file payloads/triggers.jsonl --quiet",
      "knock notify --file payloads/invite.json --quiet",
      "knock clock advance 30m --quiet",
      "knock store snapshot save baseline --quiet",
      'echo "$KNOCK_API_KEY" | knock auth login --with-token --profile staging',
      ...lines.filter((example) => example.startsWith("knock schedules create")),
    ]) {
      const { exitCode, stderr } = await runInShell(used, line);
      expect({ line, exitCode, stderr }).toEqual({ line, exitCode: 0, stderr: "" });
    }
    // knock review compares with a commit.
    const git = "git -c user.name=Ada -c user.email=ada@example.com";
    const commit = `git init -q -b main --template= && git add --all && ${git} commit -q -m Start`;
    expect(await used.shell(commit)).toMatchObject({ exitCode: 0 });
  });
  afterAll(() => {
    used.remove();
    bridge.close();
  });

  function prepare(sample: Sample, line: string): void {
    cpSync(used.path(".knock-local"), sample.path(".knock-local"), { recursive: true });
    cpSync(used.home, sample.home, { recursive: true });
    // It has a hundred files, and other commands do not read it.
    if (line.includes("knock review")) cpSync(used.path(".git"), sample.path(".git"), { recursive: true });
  }
  const succeeded = { exitCode: 0, stderr: expect.not.stringContaining("error:") };
  const plain = lines.filter((line) => splitCommandLine(line) !== null);

  inProcessTest.for(plain.map((line) => [line]))("works: %s", async ([line = ""], { collab }) => {
    prepare(collab, line);
    const words = splitCommandLine(line) ?? [];
    const { exitCode, stderr } = ACCOUNT_COMMANDS.test(line)
      ? await runWithAccount(collab, words)
      : await collab.knock(words, { env });
    expect({ exitCode, stderr }).toEqual(succeeded);
  });

  cliTest.for(lines.filter((line) => !plain.includes(line)).map((line) => [line]))(
    "works: %s",
    async ([line = ""], { collab }) => {
      prepare(collab, line);
      const { exitCode, stderr } = await runInShell(collab, line);
      expect({ exitCode, stderr }).toEqual(succeeded);
    },
  );
});

/** Verbs that summaries, descriptions and options start with. */
const VERBS = new Set(
  `accept add advance allow apply ask cancel change check clear commit compare continue copy correct create delete do estimate exit explain fail follow generate give ignore keep limit list listen log
  mark merge move name notify open overwrite print promote read receive record remove render replace report restore retry return revoke run save schedule search select send
  serve set show skip stop store subscribe test treat trigger update use wait write`.split(/\s+/),
);

function* listCommands(command: Command): Generator<Command> {
  for (const child of command.commands) {
    yield child;
    yield* listCommands(child);
  }
}

const program = new Command("knock");
for (const load of Object.values(PROGRAM.commands)) (await load())(program, {} as CommandContext);
const commands = [...listCommands(program)].map((command) => ({
  name: command.parent === program ? command.name() : `${command.parent?.name()} ${command.name()}`,
  command,
}));

describe("the texts of knock", () => {
  const getFirstWord = (text: string): string => /^[a-z]+/i.exec(text)?.[0] ?? "";

  it.each(commands)("$name start with a verb", ({ command }) => {
    for (const text of [command.summary(), command.description()].filter((candidate) => candidate !== "")) {
      expect(getFirstWord(text)).toMatch(/^[A-Z]/);
      expect([...VERBS]).toContain(getFirstWord(text).toLowerCase());
    }
    expect(command.summary()).not.toMatch(/\.$/);
    for (const { description, flags } of command.options)
      expect({ flags, isVerb: VERBS.has(getFirstWord(description)) }).toEqual({ flags, isVerb: true });
  });

  it.each(commands)("$name put every option and command into a group", ({ command }) => {
    const headings: readonly string[] = Object.values(OPTION_GROUPS);
    expect(command.options.filter(({ helpGroupHeading }) => !headings.includes(helpGroupHeading ?? ""))).toEqual([]);
    if (command.parent === program) expect(Object.values(COMMAND_GROUPS)).toContain(command.helpGroup());
  });

  it.each(commands)("$name state a default once, at the end", ({ command }) => {
    for (const { description, defaultValue } of command.options) {
      expect(description).not.toMatch(/\bdefault:.*[^)]$/);
      if (defaultValue !== undefined) expect(description).not.toContain("(default:");
    }
  });
});

const REMOTE_FLAGS = ["--remote", "--api-key", "--base-url", "--timeout", "--yes"];
const localOnly = commands.filter(
  ({ command }) =>
    command.options.some(({ long }) => long === "--store") &&
    !command.options.some(({ long }) => ["--timeout", "--api-key"].includes(long ?? "")),
);

describe("a command of the local target", () => {
  it.each(localOnly)("does not show options of the remote one: $name", ({ name }) => {
    const { help = "" } =
      all.find(({ command }) => command === name) ?? first.find(({ command }) => command === name) ?? {};
    for (const flag of REMOTE_FLAGS) expect(help).not.toContain(`  ${flag}`);
  });

  inProcessTest("rejects options of the remote one", async ({ collab }) => {
    expect(localOnly.length).toBeGreaterThan(20);
    for (const { name, command } of localOnly) {
      const lines = getExamples(command).map((line) => line.replaceAll(/"?\$\([^)]*\)"?/g, "x"));
      const required = command.registeredArguments.filter((argument) => argument.required).map(() => "x");
      const words = lines.map(splitCommandLine).find((candidate) => candidate !== null) ?? [
        ...name.split(" "),
        ...required,
      ];
      for (const flag of ["--remote", "--api-key=sk_test_x"]) {
        const { exitCode, stderr } = await collab.knock([...words, flag]);
        const expected = { name, flag, exitCode: 3, stderr: expect.stringMatching(/^error: .*(target|not support)/) };
        expect({ name, flag, exitCode, stderr }).toEqual(expected);
      }
    }
  });
});
