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
/** The program and the arguments that start the command: this Node.js with the build, or an executable that replaces both. */
const COMMAND: readonly string[] = process.env.KNOCK_TEST_EXECUTABLE
  ? [resolve(ROOT, process.env.KNOCK_TEST_EXECUTABLE)]
  : [process.execPath, BIN];

export interface RunOptions {
  /** The working directory, relative to the project's folder, which is the default. */
  cwd?: string;
  env?: Record<string, string>;
  /** Standard input; none by default. */
  input?: string | Uint8Array;
  /** The user who runs the command, if the test runs as root. */
  uid?: number;
  gid?: number;
  /** The script to run in place of the checkout's `bin/knock.js`. */
  bin?: string;
}

export interface TerminalOptions extends RunOptions {
  columns?: number;
  /** Keys to type after the output matches. */
  type?: [after: RegExp, keys: string];
}

/** The output and exit code of a finished command. */
export interface CommandResult {
  stdout: string;
  stderr: string;
  exitCode: number;
  /** Standard output as one JSON document. Throws with both outputs if it is not a JSON object. */
  readonly json: JsonObject;
  /** Standard output as the document of `knock notify --json`. */
  readonly outcome: TriggerOutcome;
  /** Standard output as one document per line. */
  readonly documents: JsonObject[];
  /** The last line of standard error as the error document of `--json`. */
  readonly error: JsonObject;
}

/** A command with its complete environment and its working directory. */
export interface CommandInvocation extends Omit<RunOptions, "cwd" | "env"> {
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
}

/** The output of a command without the last line break, and how the process ended. */
export interface ProcessResult {
  stdout: string;
  stderr: string;
  exitCode?: number | undefined;
  signal?: string | undefined;
}

/** Runs a command until it exits. */
type RunCommand = (invocation: CommandInvocation) => Promise<ProcessResult>;

export type SampleName = "collab" | "ops" | "shop" | "tracker";

/** A copy of a sample project in a new folder, with its own home and settings. */
export interface Sample {
  /** The project's folder, in which commands run. */
  readonly dir: string;
  readonly home: string;
  /** Returns a path inside the project. */
  path(...parts: string[]): string;
  /** Writes a file of the project and creates its folders; objects are written as JSON. */
  write(name: string, content: string | Uint8Array | JsonObject): string;
  read(name: string): string;
  knock(args: readonly string[], options?: RunOptions): Promise<CommandResult>;
  /** Runs a command on a terminal (util-linux `script`), with both outputs in `stdout`. */
  onTerminal(args: readonly string[], options?: TerminalOptions): Promise<CommandResult>;
  /** Starts a command without waiting for its end. */
  start(args: readonly string[], options?: RunOptions): StartedCommand;
  /** Runs a shell line with `knock` on its path. */
  shell(line: string, options?: RunOptions): Promise<CommandResult>;
  /** Creates a store without any runs, as the first command would create it. */
  openStore(): Promise<void>;
  /** Returns a digest of the store's bytes, including its log. Equal digests mean that nothing was written. */
  storeDigest(): string;
  remove(): void;
}

export type StartedCommand = ResultPromise<{ reject: false; stdin: "ignore" }>;

const SCRIPT = "/usr/bin/script";

export const hasTerminal = existsSync(SCRIPT);
if (!hasTerminal) console.warn(`notice: no ${SCRIPT}; tests of terminal behavior are skipped`);

export const quoteShellWord = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

function toCommandResult(result: ProcessResult): CommandResult {
  const { stdout, stderr } = result;
  const parseObject = (text: string, what: string): JsonObject => {
    try {
      const value: unknown = JSON.parse(text);
      if (isJsonObject(value)) return value;
    } catch {
      // The error below reports it.
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

/** Writes a sample project's files from memory. `cpSync` needs 40 ms of CPU time per copy, which adds up over a thousand tests. */
function writeSample(name: SampleName, dir: string): void {
  const files = sampleFiles.get(name) ?? readSample(name);
  sampleFiles.set(name, files);
  for (const folder of new Set(files.map(({ path }) => dirname(path))))
    mkdirSync(join(dir, folder), { recursive: true });
  for (const { path, content } of files) writeFileSync(join(dir, path), content);
}

/** Returns the options of a process that runs a command, or a shell that runs one. */
function processOptions({ cwd, env, uid, gid, input }: Omit<CommandInvocation, "args">) {
  return {
    cwd,
    env,
    extendEnv: false as const,
    reject: false as const,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
  };
}

/** Runs the built command in a separate process. */
const runProcess: RunCommand = ({ bin, args, ...invocation }) => {
  const [program = "", ...words] = bin === undefined ? COMMAND : [process.execPath, bin];
  return execa(program, [...words, ...args], processOptions(invocation));
};

/** Copies a sample project to a new folder in `parent`. Without `name`, the folder is empty and is not a project. */
export function createSample(name: SampleName | null, run: RunCommand = runProcess, parent = tmpdir()): Sample {
  const root = mkdtempSync(join(parent, "knock-cli-"));
  const dir = join(root, "project");
  const home = join(root, "home");
  const bin = join(root, "bin");
  for (const folder of [dir, home, bin]) mkdirSync(folder);
  if (name !== null) writeSample(name, dir);
  writeFileSync(join(bin, "knock"), `#!/bin/sh\nexec ${COMMAND.map(quoteShellWord).join(" ")} "$@"\n`, {
    mode: 0o755,
  });
  const env = {
    PATH: `${bin}:${process.env.PATH ?? ""}`,
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_DATA_HOME: join(home, ".local/share"),
    // Compiled code is kept between the runs of a build, as for a user.
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
      // The shell waits for the command also after Ctrl-C, as an interactive shell does.
      const command = `trap : INT; stty cols ${options.columns ?? 80}; ${[...COMMAND, ...args].map(quoteShellWord).join(" ")}`;
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
      execa(COMMAND[0] ?? "", [...COMMAND.slice(1), ...args], {
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
      // An empty log is equivalent to a missing one: SQLite removes it when the last connection of a process is closed.
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
  const sample = freshStores.get(String(name)) ?? createFreshStore(name);
  freshStores.set(String(name), sample);
  return sample;
}

async function createFreshStore(name: SampleName | null): Promise<Sample> {
  const sample = createSample(name, runProcess, inject("sharedFolder"));
  const { exitCode, stderr } = await sample.knock(["runs"]);
  if (exitCode !== 0) throw new Error(`no fresh store: ${stderr}`);
  return sample;
}

/** Creates an `it` that provides fresh copies of the sample projects and of `empty` (no project) to tests that request them. */
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
    tracker: fixture("tracker"),
    empty: fixture(null),
  });
}

/** An `it` with sample projects whose commands run the built command in separate processes. */
export const cliTest = createSampleTest(runProcess);

/** Formats an outcome with a line per recipient: `ada completed: in_app_feed_1 sent, delay_1 waiting`. */
export function formatOutcome(outcome: TriggerOutcome): string[] {
  return (outcome.recipients ?? []).map(({ recipient, steps, reason, status }) => {
    const name = typeof recipient === "string" ? recipient : `${recipient.collection}/${recipient.id}`;
    const stepTexts = steps.map((step) => `${step.ref} ${step.outcome}${step.reason ? ` (${step.reason.code})` : ""}`);
    return `${name} ${status}: ${[...stepTexts, ...(reason ? [`(${reason.code})`] : [])].join(", ")}`;
  });
}
