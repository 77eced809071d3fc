import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";

export type TextResult = { text: string } | { fault: string };

/** Bytes as UTF-8 without a byte order mark; the fault names the first byte that is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): TextResult {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { fault: `is not valid UTF-8 (first bad byte at offset ${firstBadByte(bytes)})` };
  }
}

function firstBadByte(bytes: Uint8Array): number {
  // A streaming decoder fails at the earliest prefix that cannot be continued: search it by halving.
  let [low, high] = [0, bytes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, middle + 1), { stream: true });
      low = middle + 1;
    } catch {
      high = middle;
    }
  }
  return low;
}

const FAULTS: Record<string, string> = {
  ENOENT: "does not exist",
  EISDIR: "is a directory, not a file",
  EACCES: "may not be read (permission denied)",
  ENOTDIR: "does not exist (a part of its path is a file)",
  ELOOP: "is a circle of links",
};

/**
 * A whole file as text, refused above `maxBytes`. The fault reads on from the file's name: "x.json does not exist".
 * Read synchronously: the files are small, and `node:fs/promises` alone costs a start 3 ms.
 */
export function readTextFile(path: string, maxBytes: number): TextResult {
  try {
    const file = openSync(path, "r");
    try {
      const stat = fstatSync(file);
      if (stat.isDirectory()) return { fault: FAULTS.EISDIR as string };
      if (stat.size > maxBytes) return { fault: `is larger than ${Math.floor(maxBytes / 1_048_576)} MB` };
      return decodeUtf8(readFileSync(file));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return { fault: FAULTS[code] ?? `could not be read (${code || "unknown error"})` };
  }
}
