import { fstatSync } from "node:fs";
import { getErrorMessage, KnockError } from "../errors/knock-error.js";
import { escapeToOneLine } from "../output/escape-controls.js";
import type { OutputStream } from "../output/output-stream.js";
import { isTerminal, openProcessStream } from "./open-process-stream.js";
import { readInterruptibly } from "./read-interruptibly.js";

/** Why the surroundings' signal is aborted. */
export class Interruption extends Error {
  constructor(readonly signal: "SIGINT" | "SIGTERM") {
    super("interrupted");
  }
}

/** What aborted it. By its field: a module bundled apart has a copy of the class. */
export function getInterruptSignal({ reason }: AbortSignal): Interruption["signal"] {
  return (reason as Partial<Interruption> | undefined)?.signal === "SIGINT" ? "SIGINT" : "SIGTERM";
}

/** The process as the program sees it; tests hand in another. */
export interface ProcessIO {
  argv: readonly string[];
  env: Record<string, string | undefined>;
  cwd: string;
  version: string;
  /** The beginning of the path of files that this build keeps in the user's cache folder; null: it must keep none. */
  cachePrefix: string | null;
  stdout: OutputStream;
  stderr: OutputStream;
  readonly stdinIsTerminal: boolean;
  /** Whether standard input is a pipe, a socket or a file. */
  readonly stdinIsPiped: boolean;
  readonly signal: AbortSignal;
  /** Standard input as it arrives; ends early once the signal is aborted. */
  readStdin(): AsyncIterable<Uint8Array>;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  confirm(question: string): Promise<boolean>;
  askSecret(question: string): Promise<string | null>;
}

declare const __VERSION__: string;

/** Put in by the build; source run directly has none. */
const VERSION: string = typeof __VERSION__ === "string" ? __VERSION__ : "0.0.0";

/** Given by `bin/knock.js`, which keeps compiled code there; source run directly has none. */
declare const __CACHE_PREFIX__: string | null;

/** Resolves early, and without an error, when aborted: whoever waits looks at the signal next. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done, { once: true });
  });
}

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
    isMuted = isHidden; // the question is out; what is typed stays unseen
    return await answer;
  } catch (error) {
    if (getErrorMessage(error).includes("Ctrl+C"))
      throw new KnockError("interrupted", "interrupted", { hint: "Nothing was changed.", cause: error });
    return null; // Ctrl-D: no answer
  } finally {
    lines.close();
    if (isHidden) process.stderr.write("\n");
  }
}

/** `signal` is asked for only by what waits: making one costs a start half a millisecond. */
export function createProcessIO(signal: () => AbortSignal): ProcessIO {
  return {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    version: VERSION,
    cachePrefix: typeof __CACHE_PREFIX__ === "string" ? __CACHE_PREFIX__ : null,
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
        return false; // closed
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
