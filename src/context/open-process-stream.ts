import { fstatSync, type Stats, statSync, write, writeSync } from "node:fs";
import { KnockError } from "../errors/knock-error.js";
import type { OutputStream } from "../output/output-stream.js";
import { getErrorCode } from "../util/text-file.js";

/** Interval in milliseconds at which a write to a full pipe is retried. */
const FULL_PIPE_RETRY_MS = 2;

/** Returns whether a device is /dev/null, to which scripts often redirect output. */
function isNullDevice({ rdev }: Stats): boolean {
  return statSync("/dev/null", { throwIfNoEntry: false })?.rdev === rdev;
}

/**
 * Returns whether a descriptor is a terminal. Only character devices can be; for all others the check avoids
 * `process.stdin` and the like, which load a large part of Node.
 */
export function isTerminal(descriptor: 0 | 1 | 2): boolean {
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isCharacterDevice() || isNullDevice(stats)) return false;
  } catch {
    return false;
  }
  return (descriptor === 0 ? process.stdin : descriptor === 1 ? process.stdout : process.stderr).isTTY === true;
}

/**
 * Returns whether a failed write can be retried; false if the reader closed the pipe. Throws `output_failed` for other
 * errors on standard output.
 */
function canRetryWrite(error: unknown, descriptor: 1 | 2): boolean {
  const code = getErrorCode(error);
  if (code === "EAGAIN") return true;
  if (code === "EPIPE" || code === "EOF") return false;
  if (descriptor === 2) return false; // An error of standard error cannot be reported anywhere.
  throw new KnockError("output_failed", `the result could not be written to standard output (${code})`, {
    hint: "The command has completed. Free disk space, or write to another place. Do not repeat a trigger: `knock runs list` shows its runs.",
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
 * Opens standard output or standard error. Files and pipes are written synchronously and in order, which also saves the
 * 6 ms that loading Node's stream classes adds to a start. After a reader has closed the pipe, further output is
 * dropped and the command continues.
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
