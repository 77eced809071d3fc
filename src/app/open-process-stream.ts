import { fstatSync, write, writeSync } from "node:fs";
import { KnockError } from "../errors/knock-error.js";
import type { OutputStream } from "../output/output-stream.js";

/** A full pipe is waited for in steps of this many milliseconds. */
const FULL_PIPE_RETRY_MS = 2;

/** Only a character device can be a terminal, and asking `node:tty` about anything else would load half of Node. */
export function isTerminal(descriptor: 0 | 1 | 2): boolean {
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return false;
  } catch {
    return false;
  }
  return (descriptor === 0 ? process.stdin : descriptor === 1 ? process.stdout : process.stderr).isTTY === true;
}

/** Whether a failed write can be tried again; false if nobody reads any more. Throws `output_failed` for other errors. */
function canRetryWrite(error: unknown, descriptor: 1 | 2): boolean {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EAGAIN") return true;
  if (code === "EPIPE" || code === "EOF") return false;
  if (descriptor === 2) return false; // there is nowhere to report it
  throw new KnockError("output_failed", `the result could not be written to standard output (${code})`, {
    hint: "What was asked for is done. Is the disk full? knock runs list shows the runs.",
    cause: error,
  });
}

async function writeAllAsync(descriptor: 1 | 2, text: string): Promise<boolean> {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    const result = await new Promise<number | Error>((resolve) =>
      write(descriptor, rest, (error, count) => resolve(error ?? count)),
    );
    if (typeof result === "number") rest = rest.subarray(result);
    else if (!canRetryWrite(result, descriptor)) return false;
    else await new Promise((resolve) => setTimeout(resolve, FULL_PIPE_RETRY_MS));
  }
  return true;
}

function writeAll(descriptor: 1 | 2, text: string): boolean {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (!canRetryWrite(error, descriptor)) return false;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_RETRY_MS);
    }
  }
  return true;
}

/**
 * Standard output or error. Files and pipes are written at once and in order, which also spares a start the 6 ms of
 * Node's stream classes. A reader that closed the pipe wants no more: what was asked for is still done.
 */
export function openProcessStream(descriptor: 1 | 2): OutputStream {
  if (isTerminal(descriptor)) return descriptor === 1 ? process.stdout : process.stderr;
  let isOpen = true;
  return {
    isTTY: false,
    write(text) {
      if (isOpen) isOpen = writeAll(descriptor, text);
    },
    async writeAsync(text) {
      if (isOpen) isOpen = await writeAllAsync(descriptor, text);
    },
  };
}
