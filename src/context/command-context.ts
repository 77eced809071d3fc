import { resolve } from "node:path";
import type { ExpectationResult } from "../domain/run/expectation.js";
import type { InputSource } from "../input/input-source.js";
import type { Output } from "../output/output.js";
import { once } from "../util/once.js";
import { type Credentials, openCredentials } from "./credentials.js";
import { LocalProject } from "./local-project.js";
import type { ProcessIO } from "./process-io.js";
import { ProjectFiles } from "./project-files.js";
import { readFileInterruptibly } from "./read-interruptibly.js";
import { reportToGitHub } from "./report-to-github.js";
import type { RunCommand, SharedEngine } from "./run-command.js";
import { SettingsCache } from "./settings-cache.js";
import { TargetOpener } from "./target-opener.js";

/** The parts that every command receives. Each opens its resources when it is first used. */
export interface CommandContext {
  readonly io: ProcessIO;
  readonly output: Output;
  readonly input: InputSource;
  /** The arguments as the user typed them. */
  readonly argv: readonly string[];
  /** Aborted by SIGINT, SIGTERM or SIGHUP. The command then finishes the work in progress and reports. */
  readonly signal: AbortSignal;
  readonly files: ProjectFiles;
  readonly settings: SettingsCache;
  readonly project: LocalProject;
  /** The target that the settings select. Everything that it opens is closed when the command ends. */
  readonly target: TargetOpener;
  /** The stored profiles. */
  readonly credentials: Credentials;
  /** Sets the exit code. The code of an interruption takes precedence, unless `isFinal` is set. */
  setExitCode(code: number, isFinal?: boolean): void;
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Asks on the terminal; resolves to false without a terminal. */
  confirm(question: string): Promise<boolean>;
  /** Reads a secret from the terminal without showing it; resolves to null without a terminal. */
  askSecret(question: string): Promise<string | null>;
  /** Reports unmet `--expect` rules to the CI system that runs the command, if that system is supported. */
  reportUnmetExpectations(title: string, results: readonly ExpectationResult[]): void;
  readonly runCommand: RunCommand;
}

/** Creates the context of one command. `engine` has parts that another command shares with it. */
export function createContext(
  io: ProcessIO,
  output: Output,
  { setExitCode, runCommand }: Pick<CommandContext, "setExitCode" | "runCommand">,
  engine: SharedEngine = {},
): CommandContext {
  const { env, cwd } = io;
  const credentials = once(() => openCredentials(env, cwd));
  const files = new ProjectFiles(io);
  const settings = new SettingsCache(files, credentials, env, output);
  const project = new LocalProject(files, settings, env, output);
  const target = new TargetOpener(files, settings, project, io, output, engine);
  return {
    io,
    output,
    input: {
      cwd,
      readStdin: io.readStdin,
      isPiped: () => io.stdinIsPiped,
      isInterrupted: () => io.signal.aborted,
      readFile: (path) => readFileInterruptibly(resolve(cwd, path), path, io.signal),
    },
    argv: io.argv,
    get signal() {
      return io.signal;
    },
    files,
    settings,
    project,
    target,
    get credentials() {
      return credentials();
    },
    setExitCode,
    runCommand,
    now: Date.now,
    sleep: io.sleep,
    confirm: io.confirm,
    askSecret: io.askSecret,
    reportUnmetExpectations(title, results) {
      if (env.GITHUB_ACTIONS === "true") reportToGitHub(title, results, env, output);
    },
  };
}
