import { cpSync } from "node:fs";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { PROGRAM } from "../../src/app/program.js";
import type { CommandContext } from "../../src/context/command-context.js";
import { Output, type Verbosity } from "../../src/output/output.js";
import { listLeaves } from "../helpers/load-commands.js";
import { ACCOUNT_COMMANDS, runWithAccount } from "../helpers/project-emulator.js";
import { createInProcessSample } from "../helpers/run-in-process.js";
import type { CommandResult, Sample } from "../helpers/run-knock.js";

/** Calls `onRead` when a command reads whether to print more because of `--verbose`. */
function observeVerbose(onRead: () => void): void {
  const open = Output.open.bind(Output);
  vi.spyOn(Output, "open").mockImplementation(async (options) => {
    const output = await open(options);
    let current = output.verbosity;
    return Object.defineProperty(output, "verbosity", {
      set: (value: Verbosity) => {
        current = value;
      },
      get: (): Verbosity => ({
        ...current,
        get verbose() {
          onRead();
          return current.verbose;
        },
      }),
    });
  });
}

/** Commands that run until stopped, ask on the terminal, start processes, or need a database server. */
const NOT_RUN =
  /^knock (?:(?:dev|mcp|serve|keys (?:rotate|revoke))\b|logs --follow$|worker$|auth login$|channels test)|&&|postgres:/;

const program = new Command("knock");
for (const load of Object.values(PROGRAM.commands)) (await load())(program, {} as CommandContext);
const leaves = listLeaves(program.commands).map(({ words }) => words);

/** Returns the help of every command in a project's folder, by the command's name. */
async function readHelp(project: Sample): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const words of leaves) {
    const { stdout, stderr } = await project.knock([...words, "--help"]);
    expect(stderr).toBe("");
    texts.set(words.join(" "), stdout);
  }
  return texts;
}

/** Returns the examples of help texts, each as one line. */
function listExamples(help: ReadonlyMap<string, string>): string[] {
  const lines = [...help.values()].flatMap((text) => [...text.replaceAll(/ \\\n +/g, " ").matchAll(/^ {2}\$ (.+)$/gm)]);
  return [...new Set(lines.map(([, line]) => line as string))];
}

const readExamples = async (project: Sample): Promise<string[]> => listExamples(await readHelp(project));

/** Splits a command into words as a shell does, and leaves out its name. */
const toWords = (command: string): string[] =>
  [...command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)]
    .slice(1)
    .map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"));

/** Runs an example as a shell would, with all of its commands in this process. */
async function runExample(project: Sample, line: string): Promise<CommandResult> {
  let command = line;
  for (const [whole, inner = ""] of line.matchAll(/\$\((knock [^)]+)\)/g)) {
    const { stdout } = await project.knock(toWords(inner));
    command = command.replace(whole, stdout.replaceAll("\n", " "));
  }
  const [, text, piped = command] = /^echo ["'](.*)["'] \| (.*)$/.exec(command) ?? [];
  const input = text === undefined ? {} : { input: text.replace("$KNOCK_API_KEY", "sk_test_0123456789") };
  const words = toWords(piped.replace(/ > .*$/, ""));
  return ACCOUNT_COMMANDS.test(line) ? runWithAccount(project, words) : project.knock(words, input);
}

/** Returns the names of the command that an example runs. */
function findCommand(example: string): string {
  const words = toWords(example.replace(/^echo .* \| /, ""));
  const found = leaves.find((names) => names.every((name, index) => name === words[index]));
  return (found ?? words.slice(0, 1)).join(" ");
}

/** Commands that print more with `--verbose`, but whose examples need a server, a database or a file. */
const NOT_SEEN_READING = ["dev", "doctor", "forecast", "worker"];

describe("the examples of the help in a new project", () => {
  let used: Sample;
  let help: ReadonlyMap<string, string>;
  let lines: string[] = [];

  beforeAll(async () => {
    used = createInProcessSample(null);
    for (const args of [
      ["init"],
      ["notify", "hello", "-r", "ada,grace", "--quiet"],
      ["store", "snapshot", "save", "baseline", "--quiet"],
    ])
      expect((await used.knock(args)).exitCode).toBe(0);
    for (const line of [
      'knock schedules create --data \'{"workflow":"hello","recipients":["ada"],"scheduled_at":"2030-06-04T18:00:00Z"}\' --quiet',
      'echo "$KNOCK_API_KEY" | knock auth login --with-token --profile staging',
    ])
      expect(await runExample(used, line)).toMatchObject({ exitCode: 0, stderr: "" });
    // knock review compares with a commit.
    const git = "git -c user.name=Ada -c user.email=ada@example.com";
    const commit = `git init -q -b main && git add --all && ${git} commit -q -m Start`;
    expect(await used.shell(commit)).toMatchObject({ exitCode: 0 });
    help = await readHelp(used);
    lines = listExamples(help);
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => used.remove());

  it("use the names of the project", () => {
    expect(lines).toContain(`knock notify hello --recipients ada,grace --actor grace --data '{"from":"example"}'`);
    expect(lines).toContain("knock preview hello email_1 --recipient ada --set from=example");
    expect(lines).toContain("knock cancel hello hello-42");
    expect(lines.join("\n")).not.toMatch(/new-comment|invite|alan|projects p1/);
    // Missing names are described.
    expect(lines).toContain("knock objects list <collection>");
    expect(lines).toContain("knock audiences list <audience>");
    expect(lines).toContain("knock notify --file <payload.json> --dry-run");
  });

  it("describe what does not exist before the first run", async () => {
    const project = createInProcessSample(null);
    try {
      expect((await project.knock(["init"])).exitCode).toBe(0);
      const shown = await readExamples(project);
      expect(shown).toContain("knock store copy --from <store.db> --to copy.db");
      expect(shown).toContain("knock runs show <run-id>");
    } finally {
      project.remove();
    }
  });

  it("run unchanged, unless they describe a missing name, and print more with --verbose where the help shows it", async () => {
    const runnable = lines.filter((line) => !/<[a-z.-]+>/.test(line) && !NOT_RUN.test(line));
    expect(runnable.length).toBeGreaterThan(50);
    const readers = new Set<string>();
    let command = "";
    observeVerbose(() => readers.add(command));
    const project = createInProcessSample(null);
    try {
      cpSync(used.path(".git"), project.path(".git"), { recursive: true });
      for (const line of runnable) {
        // Each example runs on the same data, because some delete it.
        for (const folder of [".knock-local"])
          cpSync(used.path(folder), project.path(folder), { recursive: true, force: true });
        for (const file of ["knock.json", "knock"]) cpSync(used.path(file), project.path(file), { recursive: true });
        cpSync(used.home, project.home, { recursive: true });
        command = findCommand(line);
        const { exitCode, stderr } = await runExample(project, line);
        expect({ line, exitCode, stderr }).toEqual({
          line,
          exitCode: 0,
          stderr: expect.not.stringContaining("error:"),
        });
      }
    } finally {
      project.remove();
    }
    // A command with --timeout prints its requests. Each other one shows --verbose only if it prints more with it.
    const shown = new Set<string>();
    const reading = new Set<string>(NOT_SEEN_READING);
    for (const [name, text] of help) {
      if (text.includes("--timeout")) continue;
      if (text.includes("--verbose")) shown.add(name);
      if (readers.has(name)) reading.add(name);
    }
    expect([...shown].sort()).toEqual([...reading].sort());
  });
});

describe("the names in examples", () => {
  it("are those of the sample project where a project has them", async () => {
    const collab = createInProcessSample("collab");
    const outside = createInProcessSample(null);
    try {
      await collab.openStore();
      expect(await readExamples(collab)).toEqual(await readExamples(outside));
    } finally {
      collab.remove();
      outside.remove();
    }
  });

  it("are read for a project that an option selects, and ignore files that cannot be read", async () => {
    const shop = createInProcessSample("shop");
    const outside = createInProcessSample(null);
    try {
      const { stdout } = await outside.knock(["runs", "list", "--project", shop.dir, "--help"]);
      expect(stdout).toContain("$ knock runs list --workflow basket-left\n");
      shop.write("knock/workflows/basket-left/workflow.json", "{");
      const { stdout: next, stderr } = await outside.knock(["runs", "list", `--project=${shop.dir}`, "--help"]);
      expect(next).toContain("$ knock runs list --workflow club-join\n");
      expect(stderr).toBe("");
    } finally {
      shop.remove();
      outside.remove();
    }
  });
});
