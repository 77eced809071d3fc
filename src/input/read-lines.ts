import { decodeUtf8 } from "../util/text-file.js";

/**
 * A line of a stream: its text, or the reason why it cannot be read. `number` counts from 1. `end` is the number of bytes
 * from the start of the stream to the end of the line.
 */
export type StreamLine = { number: number; end: number } & ({ text: string } | { error: string });

interface LineLimits {
  /** A longer line becomes an error, and the rest of it is discarded while it is read. */
  maxLineBytes: number;
  /** The maximum number of lines that are yielded together. */
  maxLines: number;
  /** Returns whether a last line without a line break is incomplete. It is then not yielded. */
  isIncomplete?: (line: number) => Promise<boolean>;
}

const NEWLINE = 0x0a;
const MEGABYTE = 1024 * 1024;

/**
 * Splits a byte stream into lines, with memory for only one chunk and one line. Yields the lines that are available
 * without waiting, so that a caller can process them before more input arrives. Blank lines are counted but not
 * yielded.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { maxLineBytes, maxLines, isIncomplete = async () => false }: LineLimits,
): AsyncGenerator<StreamLine[]> {
  let number = 0;
  let parts: Uint8Array[] = [];
  let size = 0;
  let offset = 0;
  let lines: StreamLine[] = [];

  const append = (part: Uint8Array): void => {
    size += part.length;
    if (size <= maxLineBytes) parts.push(part);
    else parts = [];
  };
  const endLine = (): void => {
    number++;
    const text = toText(parts, size, maxLineBytes);
    if (text !== null) lines.push({ number, end: offset, ...text });
    parts = [];
    size = 0;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      append(chunk.subarray(start, end));
      offset += end + 1 - start;
      endLine();
      start = end + 1;
      if (lines.length < maxLines) continue;
      yield lines;
      lines = [];
    }
    // The chunk is copied, because a stream may reuse its buffer, and a view of one byte would keep the whole chunk in
    // memory.
    if (start < chunk.length) append(chunk.slice(start));
    offset += chunk.length - start;
    if (lines.length > 0) yield lines;
    lines = [];
  }
  if (size > 0 && !(await isIncomplete(number + 1))) endLine();
  if (lines.length > 0) yield lines;
}

/** Returns the text or the error of a line, or null for a blank line. */
function toText(parts: Uint8Array[], size: number, maxBytes: number): { text: string } | { error: string } | null {
  if (size > maxBytes) return { error: `the line is longer than ${Math.floor(maxBytes / MEGABYTE)} MB` };
  const [first] = parts;
  const decoded = decodeUtf8(first !== undefined && parts.length === 1 ? first : Buffer.concat(parts));
  if ("error" in decoded) return { error: `the line ${decoded.error}` };
  return decoded.text.trim() === "" ? null : { text: decoded.text };
}
