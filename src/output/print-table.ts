import { displayWidth, padToWidth, truncateToWidth } from "./display-width.js";
import { escapeToOneLine } from "./escape-controls.js";
import type { Output } from "./output.js";

const COLUMN_GAP = 2;
/** Columns no wider than this are short: names, mostly. Longer ones are cut before anything else gives way, */
const MAX_SHORT_WIDTH = 12;
/** down to this: the eight characters that an id is found by, and the mark. */
const MIN_LONG_WIDTH = 9;
/** Of other columns than the first, which says what a row is about, that many give way before it is cut further. */
const MIN_NAME_WIDTH = 6;
const TIME_CELL = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/;

interface Column {
  title: string;
  cells: string[];
  width: number;
  /** What a list is looked at for: never cut while anything else can be. */
  isStatus: boolean;
  isTime: boolean;
}

/** Returns a user's text on one line, with everything escaped that the output would escape: widths are measured after that. */
function toOneLine(cell: string): string {
  return escapeToOneLine(cell.replace(/\p{Cc}+/gu, " "));
}

function buildColumns(head: readonly string[], rows: readonly (readonly string[])[]): Column[] {
  return head.map((title, index) => {
    const cells = rows.map((row) => toOneLine(row[index] ?? ""));
    const width = Math.max(displayWidth(title), ...cells.map(displayWidth));
    return { title, cells, width, isStatus: title === "STATUS", isTime: cells.some((cell) => TIME_CELL.test(cell)) };
  });
}

const sumWidths = (columns: readonly Column[]): number =>
  columns.reduce((total, { width }) => total + width, COLUMN_GAP * (columns.length - 1));

/** Cuts the widest of `some` down, a column at a time, until all are narrow enough or all of them are at `floor`. */
function shrinkColumns(
  columns: readonly Column[],
  shrinkable: readonly Column[],
  maxWidth: number,
  minWidth: number,
): void {
  for (let excess = sumWidths(columns) - maxWidth; excess > 0; excess--) {
    const [first, ...others] = shrinkable;
    if (first === undefined) return;
    const widest = others.reduce((most, column) => (column.width > most.width ? column : most), first);
    if (widest.width <= minWidth) return;
    widest.width--;
  }
}

/** What fits: long ids and texts are shortened first, then times are left out, then all but the status is shortened. */
function fitColumns(columns: Column[], room: number): Column[] {
  const shrinkable = columns.filter(({ isStatus, isTime }) => !isStatus && !isTime);
  const long = shrinkable.filter(({ width }) => width > MAX_SHORT_WIDTH);
  const fullWidths = long.map(({ width }) => width);
  shrinkColumns(columns, long, room, MIN_LONG_WIDTH);
  if (sumWidths(columns) <= room) return columns;
  const withoutTimes = columns.filter(({ isTime }) => !isTime);
  // Without its times there must be something left to tell of.
  const remaining = withoutTimes.length > 1 ? withoutTimes : columns;
  for (const [index, column] of long.entries()) column.width = fullWidths[index] as number;
  const steps: [some: Column[], floor: number][] = [
    [long, MIN_LONG_WIDTH],
    [remaining.filter((column, index) => index > 0 && !column.isStatus), MIN_NAME_WIDTH],
    [remaining.filter(({ isStatus }) => !isStatus), 1],
    [remaining, 1],
  ];
  for (const [some, floor] of steps) shrinkColumns(remaining, some, room, floor);
  return remaining;
}

/**
 * Columns aligned by their widest cell; the last one is not padded. On a terminal that is too narrow the status stays whole, in a
 * pipe everything does.
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
