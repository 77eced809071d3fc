import type { CsvError, Options } from "csv-parse";

/** A row of a CSV file: its fields, or the reason why it cannot be read. `line` is the number of its first line, counted from 1. */
export type CsvRow = Row | { line: number; end?: number; error: string };

interface Row {
  line: number;
  /** The number of bytes from the start of the file to the end of the row. */
  end: number;
  fields: string[];
}

const MAX_ROW_BYTES = 16 * 1024 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const REPLACEMENT_CHARACTER = "\ufffd";

/**
 * Reads the rows of a CSV file in constant memory (RFC 4180): separated by commas, with LF, CRLF or CR, and quoted fields that
 * may contain line breaks. A byte order mark and empty lines are ignored. A wrong quote ends the file with an error, because it is
 * not known where the next row starts. `isIncomplete` returns whether a last row without a line break is incomplete. It is then
 * not yielded.
 */
export async function* readCsvRows(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  isIncomplete: (line: number) => Promise<boolean> = async () => false,
): AsyncGenerator<CsvRow> {
  const { parse } = await import("csv-parse");
  const { pipeline, Readable } = await import("node:stream");
  let last: CsvRow | null = null;
  let isQuoteOpen = false;
  let isInputEnded = false;
  let lastByte: number | undefined;
  async function* watchEnd(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      lastByte = chunk.at(-1) ?? lastByte;
      yield chunk;
    }
    isInputEnded = true;
  }
  // The parser counts CRLF within quotes as two line breaks.
  let surplusLines = 0;
  const options: Options = {
    bom: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    skip_empty_lines: true,
    // Without this option, an error would also discard the rows before it.
    skip_records_with_error: true,
    max_record_size: MAX_ROW_BYTES,
    on_record: (fields, { lines, bytes }) => {
      const breaks = fields.flatMap((field) => field.match(/\r\n|\n|\r/g) ?? []);
      surplusLines += breaks.filter((text) => text === "\r\n").length;
      const row: Row = { line: lines - surplusLines - breaks.length, end: bytes, fields };
      return row as unknown as string[]; // The types do not know that a record may become an object.
    },
    on_skip: (error) => {
      isQuoteOpen ||= last === null && error?.code === "CSV_QUOTE_NOT_CLOSED";
      if (error !== undefined) last ??= { line: Number(error.lines) - surplusLines, error: describeCsvError(error) };
      return undefined;
    },
  };
  const rows = parse(options);
  // Errors of the input are thrown where the rows are read.
  pipeline(Readable.from(watchEnd()), rows, () => {});
  let held: CsvRow | null = null;
  for await (const row of rows as AsyncIterable<Row>) {
    const end = last as CsvRow | null; // TypeScript does not see the assignment in the callback.
    if (end !== null && row.line >= end.line) break;
    const isUtf8 = !row.fields.some((field) => field.includes(REPLACEMENT_CHARACTER));
    if (held !== null) yield held;
    held = isUtf8 ? row : { line: row.line, end: row.end, error: "is not valid UTF-8" };
    // The parser emits a row without a line break only after the end of the input.
    if (isInputEnded) continue;
    yield held;
    held = null;
  }
  const end = last as CsvRow | null;
  const isTerminated = end !== null || lastByte === LINE_FEED || lastByte === CARRIAGE_RETURN;
  if (held !== null && (isTerminated || !(await isIncomplete(held.line)))) yield held;
  if (end !== null && !(isQuoteOpen && (await isIncomplete(end.line)))) yield end;
}

function describeCsvError({ code }: CsvError): string {
  if (code === "CSV_MAX_RECORD_SIZE") return "is longer than 16 MB; it and the rows after it were not read";
  if (code === "CSV_QUOTE_NOT_CLOSED") return "has a quote that is not closed; it and the rows after it were not read";
  return "has a quote inside a field, or text after a closing quote; it and the rows after it were not read";
}
