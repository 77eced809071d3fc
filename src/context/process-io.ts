import { fstatSync } from "node:fs";
import { join } from "node:path";
import { getErrorMessage, KnockError } from "../errors/knock-error.js";
import { escapeToOneLine } from "../output/escape-controls.js";
import type { OutputStream } from "../output/output-stream.js";
import { findCommandName } from "../util/command-name.js";
import { sleep } from "../util/sleep.js";
import { isTerminal, openProcessStream } from "./open-process-stream.js";
import { readInterruptibly } from "./read-interruptibly.js";

/** The signals that end a command after the work in progress: Ctrl-C, `kill`, and a terminal that is closed. */
export const INTERRUPT_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
export type InterruptSignal = (typeof INTERRUPT_SIGNALS)[number];

/** The reason why the process's signal is aborted. */
export class Interruption extends Error {
  constructor(readonly signal: InterruptSignal) {
    super("interrupted");
  }
}

/**
 * Returns the operating system signal that aborted an AbortSignal. It reads a field instead of using `instanceof`,
 * because a separately bundled module has its own copy of the class.
 */
export function getInterruptSignal({ reason }: AbortSignal): InterruptSignal {
  return (reason as Partial<Interruption> | undefined)?.signal ?? "SIGTERM";
}

/** The parts of the process that the program uses; tests pass other implementations. */
export interface ProcessIO {
  argv: readonly string[];
  /** The words with which the user started the command, such as `knock` or `npx knock-cli`. */
  name: string;
  env: Record<string, string | undefined>;
  cwd: string;
  version: string;
  /**
   * The start of the path of all files that this build keeps in the user's cache folder; null if it must not keep any.
   */
  cachePrefix: string | null;
  /** The module with which this build starts a thread; null if the source runs directly. */
  threadFile: string | null;
  stdout: OutputStream;
  stderr: OutputStream;
  readonly stdinIsTerminal: boolean;
  /** Whether standard input is a pipe, a socket or a file. */
  readonly stdinIsPiped: boolean;
  readonly signal: AbortSignal;
  /** Yields standard input as it arrives, and ends early if the signal is aborted. */
  readStdin(): AsyncIterable<Uint8Array>;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  confirm(question: string): Promise<boolean>;
  askSecret(question: string): Promise<string | null>;
  /** Receives the progress of a command that runs without a terminal. */
  onProgress?(text: string): void;
}

declare const __VERSION__: string;

/** The version, which the build defines; "0.0.0" if the source runs directly. */
const VERSION: string = typeof __VERSION__ === "string" ? __VERSION__ : "0.0.0";

/** Passed by `bin/knock.js`, which keeps compiled code under this prefix; not defined if the source runs directly. */
declare const __CACHE_PREFIX__: string | null;

/** Whether `bin/knock.js` runs a build. */
const IS_BUILT = typeof __CACHE_PREFIX__ !== "undefined";

async function askOnTerminal(question: string, isHidden: boolean): Promise<string | null> {
  if (!isTerminal(0) || !isTerminal(2)) return null;
  const { createInterface } = await import("node:readline/promises");
  const { Writable } = await import("node:stream");
  let isMuted = false;
  const output = new Writable({
    write(chunk, _encoding, done) {
      if (!isMuted) process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    const answer = lines.question(escapeToOneLine(question));
    isMuted = isHidden; // The question has been printed; the input is not echoed.
    return await answer;
  } catch (error) {
    if (getErrorMessage(error).includes("Ctrl+C"))
      throw new KnockError("interrupted", "interrupted", { hint: "Nothing was changed.", cause: error });
    return null; // Ctrl-D closes the input without an answer.
  } finally {
    lines.close();
    if (isHidden) process.stderr.write("\n");
  }
}

/**
 * Creates the process's input and output. `signal` is a function because creating an AbortSignal adds half a
 * millisecond to a start, and only waiting commands need one.
 */
export function createProcessIO(signal: () => AbortSignal): ProcessIO {
  return {
    argv: process.argv.slice(2),
    name: findCommandName(process.argv[1], process.env),
    env: process.env,
    cwd: process.cwd(),
    version: VERSION,
    cachePrefix: typeof __CACHE_PREFIX__ === "string" ? __CACHE_PREFIX__ : null,
    threadFile: IS_BUILT ? join(import.meta.dirname, "..", "bin", "knock.js") : null,
    stdout: openProcessStream(1),
    stderr: openProcessStream(2),
    get stdinIsTerminal() {
      return isTerminal(0);
    },
    get stdinIsPiped() {
      try {
        const stat = fstatSync(0);
        return stat.isFIFO() || stat.isSocket() || stat.isFile();
      } catch {
        return false; // Standard input is closed.
      }
    },
    get signal() {
      return signal();
    },
    readStdin: () => readInterruptibly(process.stdin, "standard input", signal()),
    sleep,
    confirm: async (question) => /^y(es)?$/i.test((await askOnTerminal(`${question} [y/N] `, false))?.trim() ?? ""),
    askSecret: (question) => askOnTerminal(question, true),
  };
}
