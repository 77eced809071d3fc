import { isUtf8 } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from "node:fs";

type TextResult = { text: string } | { error: string };

/** Decodes UTF-8 without a byte order mark. The error contains the offset of the first invalid byte. */
export function decodeUtf8(bytes: Uint8Array): TextResult {
  if (!isUtf8(bytes)) return { error: `is not valid UTF-8 (first bad byte at offset ${findFirstBadByte(bytes)})` };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return { text: text.startsWith("\uFEFF") ? text.slice(1) : text };
}

function findFirstBadByte(bytes: Uint8Array): number {
  // A streaming decoder fails at the earliest prefix that cannot be continued. A binary search finds it.
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
  if (low < bytes.length) return low;
  // The last character is incomplete: it starts before its continuation bytes.
  do low--;
  while (low > 0 && ((bytes[low] as number) & 0xc0) === 0x80);
  return low;
}

const ERROR_MESSAGES: Record<string, string> = {
  ENOENT: "does not exist",
  EISDIR: "is a directory, not a file",
  EACCES: "may not be read (permission denied)",
  ENOTDIR: "does not exist (a part of its path is a file)",
  ELOOP: "is a cycle of symbolic links",
};

function describeTooLarge(maxBytes: number): string {
  return `is larger than ${Math.floor(maxBytes / 1_048_576)} MB`;
}

/** Reads everything from a file without a size (a pipe, a device); null if it is more than `maxBytes`. */
function readUpTo(file: number, maxBytes: number): Buffer | null {
  const chunks: Buffer[] = [];
  for (let total = 0; total <= maxBytes; ) {
    const chunk = Buffer.allocUnsafe(65_536);
    const count = readSync(file, chunk);
    if (count === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, count));
    total += count;
  }
  return null;
}

/**
 * Reads a whole file as text, up to `maxBytes`. The error continues a sentence that starts with the file's name: "x.json does
 * not exist". Synchronous, because the files are small, and `node:fs/promises` alone costs 3 ms at startup.
 */
export function readTextFile(path: string, maxBytes: number, { onlyRegular = false } = {}): TextResult {
  try {
    // Opening a named pipe without a writer would block forever.
    const file = openSync(path, onlyRegular ? constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) : "r");
    try {
      const stat = fstatSync(file);
      if (stat.isDirectory()) return { error: ERROR_MESSAGES.EISDIR as string };
      if (onlyRegular && !stat.isFile()) return { error: "is not a regular file" };
      if (stat.isFile() && stat.size > maxBytes) return { error: describeTooLarge(maxBytes) };
      const bytes = stat.isFile() ? readFileSync(file) : readUpTo(file, maxBytes);
      return bytes === null ? { error: describeTooLarge(maxBytes) } : decodeUtf8(bytes);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { error: describeFileError(error) };
  }
}

/** Returns the code of an error of Node.js, such as `ENOENT`. Undefined for other errors. */
export function getErrorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Returns why a file could not be read, to be placed after its name: "does not exist". */
export function describeFileError(error: unknown): string {
  const code = getErrorCode(error) ?? "";
  return ERROR_MESSAGES[code] ?? `could not be read (${code || "unknown error"})`;
}
