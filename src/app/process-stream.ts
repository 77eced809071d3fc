import { fstatSync, writeSync } from "node:fs";
import { KnockError } from "../errors/knock-error.js";
import type { OutStream } from "../output/out-stream.js";

/** A full pipe is waited for in steps of this many milliseconds. */
const FULL_PIPE_MS = 2;

/** Only a character device can be a terminal, and asking `node:tty` about anything else would load half of Node. */
export function isTerminal(descriptor: 0 | 1 | 2): boolean {
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return false;
  } catch {
    return false;
  }
  return (descriptor === 0 ? process.stdin : descriptor === 1 ? process.stdout : process.stderr).isTTY === true;
}

function writeAll(descriptor: 1 | 2, text: string): boolean {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE" || code === "EOF") return false;
      // Whoever cannot be told of anything is not told of this either.
      if (code !== "EAGAIN" && descriptor === 2) return false;
      if (code !== "EAGAIN")
        throw new KnockError("output_failed", `the result could not be written to standard output (${code})`, {
          hint: "What was asked for is done. Is the disk full? knock runs list shows the runs.",
          cause: error,
        });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS);
    }
  }
  return true;
}

/**
 * Standard output or error. Files and pipes are written at once and in order, which also spares a start the 6 ms of
 * Node's stream classes. A reader that closed the pipe wants no more: what was asked for is still done.
 */
export function processStream(descriptor: 1 | 2): OutStream {
  if (isTerminal(descriptor)) return descriptor === 1 ? process.stdout : process.stderr;
  let open = true;
  return {
    isTTY: false,
    write(text) {
      if (open) open = writeAll(descriptor, text);
    },
  };
}
