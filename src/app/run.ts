import { createContext } from "../context/command-context.js";
import type { ProcessIO } from "../context/process-io.js";
import type { CommandRequest, CommandResult, SharedEngine } from "../context/run-command.js";
import { setLiquidMode } from "../engine/liquid/liquid-mode.js";
import { getExitCode, KnockError } from "../errors/knock-error.js";
import { quoteForShell } from "../input/restore-quotes.js";
import { Output } from "../output/output.js";
import { printError, toErrorDocument } from "../output/print-error.js";
import { correctWord, type Hint } from "../util/find-nearest.js";
import { type JsonObject, parsePointer } from "../util/json.js";
import { correctCommand } from "./correct-command.js";
import { type Program, runProgram } from "./run-program.js";

/** Returns the words `path=text` of `--set` whose text would be JSON other than a string, as path and text. */
function listJsonTexts(argv: readonly string[]): [path: string, text: string][] {
  const end = argv.indexOf("--");
  const words = end === -1 ? argv : argv.slice(0, end);
  return words.flatMap((word, index): [string, string][] => {
    const value = word.startsWith("--set=") ? word.slice("--set=".length) : words[index - 1] === "--set" ? word : "";
    const [, path, text] = /^([^=]*[^=:])=(.*)$/s.exec(value) ?? [];
    return path !== undefined && text !== undefined && /^(?:true|false|null|-?\d+(?:\.\d+)?|[[{].*)$/s.test(text)
      ? [[path, text]]
      : [];
  });
}

/** A hint to rename a property, with a flag that sets it. */
const RENAMING = /^(Rename (".*?") to ".*"): --set \S+$/s;

/** Returns whether `--set` is given for a path. */
function setsPath(path: string, argv: readonly string[]): boolean {
  return argv.some((word) => [`${path}=`, `${path}:=`].some((start) => word.replace(/^--set=/, "").startsWith(start)));
}

/**
 * Adds a hint to an error about a value of `--set path=text` if `--set path:=text` was probably meant, and removes the flag
 * from a hint to rename a property that was not set with `--set`.
 */
function suggestJsonSet(error: unknown, argv: readonly string[]): unknown {
  if (!(error instanceof KnockError) || error.code !== "invalid_params") return error;
  const [, renaming, misspelled = ""] = RENAMING.exec(error.hint ?? "") ?? [];
  if (renaming !== undefined)
    return setsPath(String(JSON.parse(misspelled)), argv)
      ? error
      : error.copyWith({ hint: changeHint(error, `${renaming}.`) });
  // A property that must not exist has no better value.
  const paths = error.details
    .filter(({ message }) => !/^is not (?:a known property|allowed)/.test(message))
    .map(({ pointer }) => `.${parsePointer(pointer).join(".")}`);
  const found = listJsonTexts(argv).find(([path]) => paths.some((known) => known.endsWith(`.${path}`)));
  if (found === undefined) return error;
  const [path, text] = found;
  const hint = `Use := for JSON: --set ${quoteForShell(`${path}:=${text}`)}`;
  return error.copyWith({ hint: correctWord(`${path}=${text}`, `${path}:=${text}`, hint) });
}

/** Returns another text for the hint of an error, with the correction that the error has. */
const changeHint = ({ correction }: KnockError, hint: string): Hint =>
  correction === undefined ? hint : { ...correction, hint };

/** Returns whether `--json` was given, even if the flags cannot be parsed. */
function hasJsonFlag(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json");
}

interface RunResult {
  code: number;
  /** Whether the exit code stays the same if the process was interrupted. */
  isFinal: boolean;
  /** Whether a write to standard output is still waiting for its reader. */
  isOutputBlocked: boolean;
  /** The document of the error that ended the command, or null. */
  error: JsonObject | null;
}

/** Collects what a command writes. */
function createTextStream(): { stream: ProcessIO["stdout"]; getText(): string } {
  const texts: string[] = [];
  return { stream: { write: (text) => texts.push(text) }, getText: () => texts.join("") };
}

/** Runs a command inside the process of another one. */
async function runInProcess(
  program: Program,
  io: ProcessIO,
  { argv, env, input, signal, engine, onProgress }: CommandRequest,
): Promise<CommandResult> {
  const stdout = createTextStream();
  const stderr = createTextStream();
  const commandIO: ProcessIO = {
    ...io,
    argv,
    signal,
    onProgress,
    env: { ...io.env, ...env },
    stdout: stdout.stream,
    stderr: stderr.stream,
    stdinIsTerminal: false,
    stdinIsPiped: input !== undefined,
    async *readStdin() {
      if (input !== undefined) yield Buffer.from(input);
    },
    confirm: async () => false,
    askSecret: async () => null,
  };
  const { code, error } = await run(program, commandIO, engine);
  return { code, error, stdout: stdout.getText(), stderr: stderr.getText() };
}

/**
 * Runs the command that argv names and returns its exit code. Every error is caught here and printed once. `engine` has parts
 * that another command shares with it.
 */
export async function run(program: Program, io: ProcessIO, engine?: SharedEngine): Promise<RunResult> {
  const output = await Output.open(io);
  if (!setLiquidMode(io.env.KNOCK_LIQUID))
    output.warn(`KNOCK_LIQUID is neither "compile" nor "interpret", so it has no effect`);
  let code = 0;
  let isFinal = false;
  let errorDocument: JsonObject | null = null;
  const setExitCode = (requested: number, final = false): void => {
    code = requested;
    isFinal = final;
  };
  const runCommand = (request: CommandRequest): Promise<CommandResult> => runInProcess(program, io, request);
  const context = createContext(io, output, { setExitCode, runCommand }, engine);
  const fail = (error: unknown): void => {
    output.verbosity = { ...output.verbosity, json: hasJsonFlag(io.argv) };
    const correction = error instanceof KnockError ? error.correction : undefined;
    const suggestion = correctCommand(io.name, io.argv, correction);
    printError(error, output, io.env.KNOCK_DEBUG === "1", suggestion);
    errorDocument = toErrorDocument(error);
    code = getExitCode(error);
    isFinal = false;
  };
  try {
    await runProgram(program, io.argv, io.version, context);
  } catch (error) {
    fail(suggestJsonSet(await context.target.explainError(error), io.argv));
  }
  try {
    await context.target.close();
  } catch (error) {
    fail(error);
  }
  return { code, isFinal, isOutputBlocked: output.isBlocked, error: errorDocument };
}
