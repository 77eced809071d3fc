import { KnockError } from "../errors/knock-error.js";
import type { Json } from "../util/json.js";
import { parseJson } from "../util/parse-json.js";
import { CsvPayloads } from "./csv-payloads.js";
import { readCsvRows } from "./csv-rows.js";
import { checkDepth, InputReader, type InputSource } from "./input-source.js";
import { readLines, type StreamLine } from "./read-lines.js";
import { formatInputName, type PayloadFlags, readOverrides, resolveFormat } from "./trigger-payload.js";

/** A payload has up to 10 MB; escape sequences and white space may make its line longer. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** The maximum number of lines that are yielded together and share a disk sync. */
const MAX_LINES = 500;

/** One line of a stream: its location, and its payload or its error. */
export interface PayloadLine {
  /** The number of the line, or of the first line of a row. Counts from 1. */
  number: number;
  /** The location as `file:line`. */
  name: string;
  /** The location for error details; `line` counts from 1. */
  location: { file: string; line: number; column: number };
  /** Whether it is a row of a CSV file. */
  isCsv: boolean;
  /** The length of its text in characters. */
  size: number;
  /** The number of bytes from the start of the stream to the end of the line; 0 if it is unknown. */
  end: number;
  payload: unknown;
  error: KnockError | null;
}

interface PayloadLines {
  /** Yields the lines that are available without waiting for more input. Blank lines are skipped. */
  groups: AsyncIterable<PayloadLine[]>;
  /** The values of the flags that change the payloads, as one text. */
  overrides: string;
}

interface PayloadLineOptions {
  /** Passes the bytes of the input on, for a caller that counts or limits them. */
  watchChunks?: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
  /** Returns whether a line, which ends at this byte, is skipped without being parsed. */
  isSkipped?: (line: number, end: number) => boolean;
  /** Returns whether a last line or row without a line break is incomplete. It is then left out. */
  isIncomplete?: (line: number) => Promise<boolean>;
}

/** Parses the JSON of one line. `inputName` names the file or stream in errors. */
async function parsePayloadLine(line: StreamLine, inputName: string): Promise<Json> {
  const { number } = line;
  const fail = (code: "invalid_json" | "usage", message: string, column: number, hint?: string): KnockError =>
    new KnockError(code, `${inputName}:${number}:${column}: ${message}`, {
      details: [{ pointer: "", message, file: inputName, line: number, column }],
      hint,
    });
  if ("error" in line) throw fail("usage", line.error, 1, "Write one JSON object per line, in UTF-8.");
  const parsed = await parseJson(line.text);
  if ("value" in parsed) return checkDepth(parsed.value, `${inputName}:${number}`);
  const isFirst = number === 1 && /^\s*[{[]/.test(line.text);
  const hint = isFirst
    ? "Put each payload on one line. A single payload on several lines needs `knock notify --format json`."
    : parsed.hint;
  throw fail("invalid_json", `invalid JSON: ${parsed.error}`, parsed.column, hint);
}

/** The flags of a file or stream with one payload per line. */
type LineFlags = PayloadFlags & { file: string };

/**
 * Reads one payload per line of JSON Lines, or per row of CSV, in constant memory. An invalid line has an error and does not end
 * the stream. `--idempotency-key` is not applied, because each line needs its own key.
 */
export async function readPayloadLines(
  { idempotencyKey: _, ...flags }: LineFlags,
  source: InputSource,
  { watchChunks = (chunks) => chunks, isSkipped = () => false, isIncomplete }: PayloadLineOptions = {},
): Promise<PayloadLines> {
  const reader = new InputReader(source);
  const override = await readOverrides(flags, reader);
  const path = flags.file;
  const inputName = formatInputName(path);
  const isCsv = resolveFormat(flags) === "csv";
  const chunks = watchChunks(reader.readChunks(path, "--file"));

  async function toPayload(
    number: number,
    size: number,
    end: number,
    parse: () => Promise<Json>,
  ): Promise<PayloadLine> {
    const line: PayloadLine = {
      number,
      name: `${inputName}:${number}`,
      location: { file: inputName, line: number, column: 1 },
      isCsv,
      size,
      end,
      payload: null,
      error: null,
    };
    try {
      line.payload = await override.apply(await parse());
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      line.error = error;
    }
    return line;
  }

  async function* readJsonLines(): AsyncGenerator<PayloadLine[]> {
    const limits = { maxLineBytes: MAX_LINE_BYTES, maxLines: MAX_LINES, ...(isIncomplete && { isIncomplete }) };
    for await (const lines of readLines(chunks, limits)) {
      const group: PayloadLine[] = [];
      for (const line of lines) {
        if (isSkipped(line.number, line.end)) continue;
        const size = "text" in line ? line.text.length : 0;
        group.push(await toPayload(line.number, size, line.end, () => parsePayloadLine(line, inputName)));
      }
      yield group;
    }
  }

  async function* readCsv(): AsyncGenerator<PayloadLine[]> {
    let payloads: CsvPayloads | null = null;
    for await (const row of readCsvRows(chunks, isIncomplete)) {
      if (payloads === null) payloads = CsvPayloads.parseHeader(row, inputName);
      else if (!isSkipped(row.line, row.end ?? 0)) {
        const { toPayload: parseRow } = payloads;
        const size = "fields" in row ? row.fields.reduce((sum, field) => sum + field.length, 0) : 0;
        yield [await toPayload(row.line, size, row.end ?? 0, () => parseRow(row))];
      }
    }
  }

  return { groups: isCsv ? readCsv() : readJsonLines(), overrides: override.text };
}
