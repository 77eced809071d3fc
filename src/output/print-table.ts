import { escapeToOneLine } from "./escape-controls.js";
import type { Output } from "./output.js";

/**
 * Returns whether a character takes two columns: Chinese, Japanese and Korean characters, full-width forms, and emoji.
 */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}

/** Returns whether a letter combines with the previous one: accents, joiners and variation selectors. */
const hasNoWidth = (letter: string): boolean => /[\p{Mn}\p{Me}\p{Cf}]/u.test(letter);

function letterWidth(letter: string): number {
  const code = letter.codePointAt(0) as number;
  if (code < 0x300) return 1;
  return hasNoWidth(letter) ? 0 : isWide(code) ? 2 : 1;
}

/**
 * Returns the number of terminal columns that a text takes. The result is an approximation for tables that does not
 * need the full Unicode data.
 */
export function displayWidth(text: string): number {
  let width = 0;
  for (const letter of text) width += letterWidth(letter);
  return width;
}

export function padToWidth(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** Truncates a text to a width in columns. An ellipsis is the last column. */
export function truncateToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let [kept, room] = ["", width - 1];
  for (const letter of text) {
    room -= letterWidth(letter);
    if (room < 0) break;
    kept += letter;
  }
  return `${kept}…`;
}

const COLUMN_GAP = 2;
/** Columns up to this width, mostly names, are short. Longer ones are truncated first. */
const MAX_SHORT_WIDTH = 12;
/** Long columns are truncated down to this width: the 8 characters of an ID prefix, and the ellipsis. */
const MIN_LONG_WIDTH = 9;
/**
 * Columns other than the first are truncated down to this width before the first column, which names the row, is
 * truncated further.
 */
const MIN_NAME_WIDTH = 6;
/** Names and the status are truncated down to these widths before an ID has fewer than 8 characters. */
const MIN_SHORT_NAME_WIDTH = 3;
const MIN_STATUS_WIDTH = 9;
/** The ID of a run or a schedule, or of a message. */
const ID_CELL = /^(?:[0-9a-f]{8}-[0-9a-f-]{27}|[0-9A-Za-z]{27})$/;
const TIME_CELL = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/;

interface Column {
  title: string;
  cells: string[];
  width: number;
  /** Whether this is the status column. It is the most important one, so it is truncated last. */
  isStatus: boolean;
  isTime: boolean;
  /** Whether no cell has a text. */
  isEmpty: boolean;
  /** The width at which truncated IDs still differ; 0 for other columns. */
  idWidth: number;
}

/** Returns the width of the shortest prefixes of 8 characters or more that differ, with an ellipsis. */
function computeIdWidth(ids: readonly string[]): number {
  const distinct = new Set(ids);
  let length = MIN_LONG_WIDTH - 1;
  while (new Set(Array.from(distinct, (id) => id.slice(0, length))).size < distinct.size) length++;
  return length + 1;
}

/**
 * Returns a text on one line and escapes everything that the output would escape, because widths are measured
 * afterwards.
 */
export function toOneLine(cell: string): string {
  return escapeToOneLine(cell.replace(/\p{Cc}+/gu, " "));
}

function buildColumns(head: readonly string[], rows: readonly (readonly string[])[]): Column[] {
  return head.map((title, index) => {
    const cells = rows.map((row) => toOneLine(row[index] ?? ""));
    const width = Math.max(displayWidth(title), ...cells.map(displayWidth));
    return {
      title,
      cells,
      width,
      isStatus: title === "STATUS",
      isTime: cells.some((cell) => TIME_CELL.test(cell)),
      isEmpty: cells.every((cell) => cell === ""),
      idWidth: index === 0 && cells.every((cell) => ID_CELL.test(cell)) ? computeIdWidth(cells) : 0,
    };
  });
}

const sumWidths = (columns: readonly Column[]): number =>
  columns.reduce((total, { width }) => total + width, COLUMN_GAP * (columns.length - 1));

/**
 * Narrows the widest of `shrinkable` by one column at a time until the table fits into `maxWidth`, or all of them have
 * `minWidth`. IDs keep `idWidth`, if that is more.
 */
function shrinkColumns(
  columns: readonly Column[],
  shrinkable: readonly Column[],
  maxWidth: number,
  minWidth: number,
): void {
  for (let excess = sumWidths(columns) - maxWidth; excess > 0; excess--) {
    const [first, ...others] = shrinkable.filter(({ width, idWidth }) => width > Math.max(minWidth, idWidth));
    if (first === undefined) return;
    others.reduce((most, column) => (column.width > most.width ? column : most), first).width--;
  }
}

/**
 * Removes time columns, the last one first, until the others fit after long ones are truncated. The first time is kept if
 * only one other column would remain.
 */
function omitTimes(columns: readonly Column[], long: readonly Column[], room: number): Column[] {
  const fullWidths = long.map(({ width }) => width);
  let remaining = [...columns];
  for (;;) {
    shrinkColumns(remaining, long, room, MIN_LONG_WIDTH);
    const last = remaining.findLast(({ isTime }) => isTime);
    if (sumWidths(remaining) <= room || last === undefined || remaining.length <= 2) return remaining;
    remaining = remaining.filter((column) => column !== last);
    for (const [index, column] of long.entries()) column.width = fullWidths[index] as number;
  }
}

/**
 * Fits the columns into `room`: empty ones are left out, long ones are truncated, then time columns are left out, then names
 * and the status are truncated. Prefixes of IDs differ as long as there is room for them, and keep 8 characters.
 */
function fitColumns(columns: readonly Column[], room: number): readonly Column[] {
  if (sumWidths(columns) <= room) return columns;
  const filled = columns.filter(({ isEmpty }, index) => index === 0 || !isEmpty);
  const long = filled.filter(({ isStatus, isTime, width }) => !isStatus && !isTime && width > MAX_SHORT_WIDTH);
  const remaining = omitTimes(filled, long, room);
  const [first] = remaining;
  const names = remaining.filter((column) => column !== first && !column.isStatus);
  const withoutId = remaining.filter(({ idWidth }) => idWidth === 0);
  const shrink = (group: readonly Column[], minWidth: number): void => shrinkColumns(remaining, group, room, minWidth);
  shrink(names, MIN_NAME_WIDTH);
  if (first !== undefined && first.idWidth > 0) {
    shrink(names, MIN_SHORT_NAME_WIDTH);
    first.idWidth = MIN_LONG_WIDTH;
    shrink([first], MIN_LONG_WIDTH);
    shrink(withoutId, MIN_STATUS_WIDTH);
    first.idWidth = 0;
  }
  shrink(
    remaining.filter(({ isStatus }) => !isStatus),
    1,
  );
  shrink(remaining, 1);
  return remaining;
}

/**
 * Prints a table with aligned columns; the last column is not padded. On a narrow terminal, columns are truncated, the
 * status last. Piped output is never truncated.
 */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[], output: Output): void {
  const all = buildColumns(head, rows);
  const columns = output.isTerminal ? fitColumns(all, output.width) : all;
  const format = (getCell: (column: Column) => string): string => {
    const line = columns
      .map((column, index) => {
        const cell = truncateToWidth(getCell(column), column.width);
        return index === columns.length - 1 ? cell : padToWidth(cell, column.width);
      })
      .join(" ".repeat(COLUMN_GAP));
    return output.isTerminal ? truncateToWidth(line, output.width) : line;
  };
  output.line(output.colors.dim(format(({ title }) => title)));
  rows.forEach((_, row) => {
    output.line(format(({ cells }) => cells[row] as string));
  });
}
