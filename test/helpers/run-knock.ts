import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import { execa, type ResultPromise } from "execa";
import { inject, it } from "vitest";
import type { TriggerOutcome } from "../../src/domain/run/outcome.js";
import { isJsonObject, type JsonObject } from "../../src/util/json.js";

const ROOT = resolve(import.meta.dirname, "../..");
export const BIN = join(ROOT, "bin/knock.js");

export interface RunOptions {
  /** Relative to the project's folder, which is the default. */
  cwd?: string;
  env?: Record<string, string>;
  /** Standard input; without it there is none. */
  input?: string | Uint8Array;
  /** Who runs it, where the test itself runs as root. */
  uid?: number;
  gid?: number;
  /** The script to run instead of the checkout's `bin/knock.js`. */
  bin?: string;
}

export interface TerminalOptions extends RunOptions {
  columns?: number;
  /** Keys to type, once this has appeared. */
  type?: [after: RegExp, keys: string];
}

/** What a finished command left behind. */
export interface CommandResult {
  stdout: string;
  stderr: string;
  exitCode: number;
  /** Standard output as one JSON document. Throws, with both outputs, if it is none. */
  readonly json: JsonObject;
  /** The same, as `knock notify --json` prints it. */
  readonly outcome: TriggerOutcome;
  /** Standard output as one document a line. */
  readonly documents: JsonObject[];
  /** The last line of standard error as the error document of `--json`. */
  readonly error: JsonObject;
}

/** A command as a sample has it run: with all of its environment, and the folder it runs in. */
export interface CommandInvocation extends Omit<RunOptions, "cwd" | "env"> {
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
}

/** Text that a command wrote, without the last line break, and how it ended. */
export interface ProcessResult {
  stdout: string;
  stderr: string;
  exitCode?: number | undefined;
  signal?: string | undefined;
}

/** Runs a command to its end. */
export type RunCommand = (invocation: CommandInvocation) => Promise<ProcessResult>;

export type SampleName = "collab" | "ops" | "shop";

/** A copy of a sample project in a folder of its own, with a home and settings of its own. */
export interface Sample {
  /** The project's folder: commands run there. */
  readonly dir: string;
  readonly home: string;
  /** A path inside the project. */
  path(...parts: string[]): string;
  /** Writes a file of the project, its folders included; objects as JSON. */
  write(name: string, content: string | Uint8Array | JsonObject): string;
  read(name: string): string;
  knock(args: readonly string[], options?: RunOptions): Promise<CommandResult>;
  /** The same on a terminal (util-linux `script`), both outputs in `stdout`. */
  onTerminal(args: readonly string[], options?: TerminalOptions): Promise<CommandResult>;
  /** A command that goes on: not waited for. */
  start(args: readonly string[], options?: RunOptions): StartedCommand;
  /** A shell line with `knock` on its path. */
  shell(line: string, options?: RunOptions): Promise<CommandResult>;
  /** Gives it a store in which nothing has run yet, as its first command would make it. */
  openStore(): Promise<void>;
  /** Of the store's bytes, its log included: equal for what nothing was written to. */
  storeDigest(): string;
  remove(): void;
}

export type StartedCommand = ResultPromise<{ reject: false; stdin: "ignore" }>;

const SCRIPT = "/usr/bin/script";

export const hasTerminal = existsSync(SCRIPT);
if (!hasTerminal) console.warn(`notice: no ${SCRIPT} on this machine; tests of terminal behaviour are left out`);

const quoteShellWord = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

function toCommandResult(result: ProcessResult): CommandResult {
  const { stdout, stderr } = result;
  const parseObject = (text: string, what: string): JsonObject => {
    try {
      const value: unknown = JSON.parse(text);
      if (isJsonObject(value)) return value;
    } catch {
      // told below
    }
    throw new Error(
      `${what} is not a JSON document\nexit ${result.exitCode}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`,
    );
  };
  return {
    stdout,
    stderr,
    exitCode: result.exitCode ?? (result.signal === undefined ? -1 : -2),
    get json() {
      return parseObject(stdout, "standard output");
    },
    get outcome() {
      return parseObject(stdout, "standard output") as unknown as TriggerOutcome;
    },
    get documents() {
      return stdout.split("\n").map((line) => parseObject(line, `the line ${line}`));
    },
    get error() {
      return parseObject(stderr.split("\n").at(-1) ?? "", "the last line of standard error").error as JsonObject;
    },
  };
}

function typeKeys(terminal: { stdin: Writable; stdout: Readable }, after: RegExp, keys: string): void {
  let seen = "";
  const look = (chunk: Buffer): void => {
    seen += chunk.toString();
    if (!after.test(seen)) return;
    terminal.stdout.off("data", look);
    terminal.stdin.write(keys);
  };
  terminal.stdout.on("data", look);
  terminal.stdout.on("end", () => terminal.stdin.end());
}

/** The files of the sample projects, read once per worker process. */
const sampleFiles = new Map<SampleName, { path: string; content: Buffer }[]>();

function readSample(name: SampleName): { path: string; content: Buffer }[] {
  const root = join(ROOT, "fixtures", name);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes(".knock-local"))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: relative(root, file), content: readFileSync(file) }));
}

/** Writes a sample project's files from memory: `cpSync` needs 40 ms of CPU time per copy, which a thousand tests add up. */
function writeSample(name: SampleName, dir: string): void {
  const files = sampleFiles.get(name) ?? readSample(name);
  sampleFiles.set(name, files);
  for (const folder of new Set(files.map(({ path }) => dirname(path))))
    mkdirSync(join(dir, folder), { recursive: true });
  for (const { path, content } of files) writeFileSync(join(dir, path), content);
}

/** The options of a process that runs a command, or a shell that does. */
function processOptions({ cwd, env, uid, gid, input }: Omit<CommandInvocation, "args">) {
  return {
    ...{ cwd, env, extendEnv: false as const, reject: false as const },
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
  };
}

/** Runs the built command in a process of its own. */
const runProcess: RunCommand = (invocation) =>
  execa(process.execPath, [invocation.bin ?? BIN, ...invocation.args], processOptions(invocation));

/** Copies a sample project to a new folder below `parent`. Without `name` the folder is empty: no project. */
export function createSample(name: SampleName | null, run: RunCommand = runProcess, parent = tmpdir()): Sample {
  const root = mkdtempSync(join(parent, "knock-cli-"));
  const dir = join(root, "project");
  const home = join(root, "home");
  const bin = join(root, "bin");
  for (const folder of [dir, home, bin]) mkdirSync(folder);
  if (name !== null) writeSample(name, dir);
  writeFileSync(
    join(bin, "knock"),
    `#!/bin/sh\nexec ${quoteShellWord(process.execPath)} ${quoteShellWord(BIN)} "$@"\n`,
    {
      mode: 0o755,
    },
  );
  const env = {
    PATH: `${bin}:${process.env.PATH ?? ""}`,
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_DATA_HOME: join(home, ".local/share"),
    // Compiled code is kept between the runs of a build, as it is on a user's machine.
    XDG_CACHE_HOME: inject("cacheFolder"),
    TMPDIR: root,
    TZ: "UTC",
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
  };
  const invocation = (options: RunOptions) => ({
    ...options,
    cwd: resolve(dir, options.cwd ?? "."),
    env: { ...env, ...options.env },
  });
  return {
    dir,
    home,
    path: (...parts) => join(dir, ...parts),
    write(file, content) {
      const path = join(dir, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(
        path,
        typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content, null, 2),
      );
      return path;
    },
    read: (file) => readFileSync(join(dir, file), "utf8"),
    knock: async (args, options = {}) => toCommandResult(await run({ args, ...invocation(options) })),
    async onTerminal(args, options = {}) {
      // The shell waits for the command also after Ctrl-C, as one that somebody types at does.
      const command = `trap : INT; stty cols ${options.columns ?? 80}; ${[process.execPath, BIN, ...args].map(quoteShellWord).join(" ")}`;
      const started = execa(SCRIPT, ["-qec", command, "/dev/null"], {
        ...processOptions({ ...invocation(options), input: undefined }),
        stdin: "pipe",
      });
      if (options.type === undefined) started.stdin.end();
      else typeKeys(started, ...options.type);
      const result = await started;
      return toCommandResult({ ...result, stdout: result.stdout.replaceAll("\r\n", "\n") });
    },
    start: (args, options = {}) =>
      execa(process.execPath, [BIN, ...args], {
        ...processOptions({ ...invocation(options), input: undefined }),
        stdin: "ignore",
        forceKillAfterDelay: false,
      }),
    shell: async (line, options = {}) =>
      toCommandResult(await execa("/bin/sh", ["-c", line], processOptions(invocation(options)))),
    async openStore() {
      cpSync((await getFreshStore(name)).path(".knock-local"), join(dir, ".knock-local"), { recursive: true });
    },
    storeDigest() {
      const [file, log] = ["store.db", "store.db-wal"].map((name) => join(dir, ".knock-local", name)) as [
        string,
        string,
      ];
      const hash = createHash("sha256").update(existsSync(file) ? readFileSync(file) : "none");
      // An empty log is as good as none: SQLite removes it when the last connection of a process is closed.
      if (existsSync(log)) hash.update(readFileSync(log));
      return hash.digest("hex");
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Samples with a new store, kept for all test files of this worker process. */
const freshStores = new Map<string, Promise<Sample>>();

/** Returns a sample whose store has been opened but not used. It is created once per worker process. */
function getFreshStore(name: SampleName | null): Promise<Sample> {
  const made = freshStores.get(String(name)) ?? createFreshStore(name);
  freshStores.set(String(name), made);
  return made;
}

async function createFreshStore(name: SampleName | null): Promise<Sample> {
  const sample = createSample(name, runProcess, inject("sharedFolder"));
  const { exitCode, stderr } = await sample.knock(["runs"]);
  if (exitCode !== 0) throw new Error(`no fresh store: ${stderr}`);
  return sample;
}

/** Creates a `test` with a fresh copy of a sample project for whoever names it: `collab`, `ops`, `shop`, or `empty` (no project). */
export function createSampleTest(run: RunCommand) {
  const fixture =
    (name: SampleName | null) =>
    async ({ task: _task }: { task: unknown }, use: (sample: Sample) => Promise<void>): Promise<void> => {
      const sample = createSample(name, run);
      try {
        await use(sample);
      } finally {
        sample.remove();
      }
    };
  return it.extend<Record<SampleName | "empty", Sample>>({
    collab: fixture("collab"),
    ops: fixture("ops"),
    shop: fixture("shop"),
    empty: fixture(null),
  });
}

/** `test` with sample projects whose commands are the built one, each in a process of its own. */
export const cliTest = createSampleTest(runProcess);

/** `ada: in_app_feed_1 sent, delay_1 waiting`: an outcome in words, a line per recipient. */
export function formatOutcome(outcome: TriggerOutcome): string[] {
  return (outcome.recipients ?? []).map(({ recipient, steps, reason, status }) => {
    const who = typeof recipient === "string" ? recipient : `${recipient.collection}/${recipient.id}`;
    const what = steps.map((step) => `${step.ref} ${step.outcome}${step.reason ? ` (${step.reason.code})` : ""}`);
    return `${who} ${status}: ${[...what, ...(reason ? [`(${reason.code})`] : [])].join(", ")}`;
  });
}
