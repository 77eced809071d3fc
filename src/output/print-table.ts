import { displayWidth, padded, shortened } from "./display-width.js";
import { oneLine } from "./escape-controls.js";
import type { Output } from "./output.js";

const GAP = 2;
/** Columns no wider than this are short: names, mostly. Longer ones are cut before anything else gives way, */
const SHORT = 12;
/** down to this: the eight characters that an id is found by, and the mark. */
const CUT = 9;
/** Of other columns than the first, which says what a row is about, that many give way before it is cut further. */
const NAMES = 6;
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/;

interface Column {
  title: string;
  cells: string[];
  width: number;
  /** What a list is looked at for: never cut while anything else can be. */
  isStatus: boolean;
  isTime: boolean;
}

/** Returns a user's text on one line, with everything escaped that the output would escape: widths are measured after that. */
function onOneLine(cell: string): string {
  return oneLine(cell.replace(/\p{Cc}+/gu, " "));
}

function columnsOf(head: readonly string[], rows: readonly (readonly string[])[]): Column[] {
  return head.map((title, index) => {
    const cells = rows.map((row) => onOneLine(row[index] ?? ""));
    const width = Math.max(displayWidth(title), ...cells.map(displayWidth));
    return { title, cells, width, isStatus: title === "STATUS", isTime: cells.some((cell) => TIME.test(cell)) };
  });
}

const totalOf = (columns: readonly Column[]): number =>
  columns.reduce((total, { width }) => total + width, GAP * (columns.length - 1));

/** Cuts the widest of `some` down, a column at a time, until all are narrow enough or all of them are at `floor`. */
function narrow(columns: readonly Column[], some: readonly Column[], room: number, floor: number): void {
  for (let excess = totalOf(columns) - room; excess > 0; excess--) {
    const [first, ...others] = some;
    if (first === undefined) return;
    const widest = others.reduce((most, one) => (one.width > most.width ? one : most), first);
    if (widest.width <= floor) return;
    widest.width--;
  }
}

/** What fits: long ids and texts are shortened first, then times are left out, then all but the status is shortened. */
function fitted(columns: Column[], room: number): Column[] {
  const shrinkable = columns.filter(({ isStatus, isTime }) => !isStatus && !isTime);
  const long = shrinkable.filter(({ width }) => width > SHORT);
  const whole = long.map(({ width }) => width);
  narrow(columns, long, room, CUT);
  if (totalOf(columns) <= room) return columns;
  const timeless = columns.filter(({ isTime }) => !isTime);
  // Without its times there must be something left to tell of.
  const left = timeless.length > 1 ? timeless : columns;
  for (const [index, column] of long.entries()) column.width = whole[index] as number;
  const steps: [some: Column[], floor: number][] = [
    [long, CUT],
    [left.filter((column, index) => index > 0 && !column.isStatus), NAMES],
    [left.filter(({ isStatus }) => !isStatus), 1],
    [left, 1],
  ];
  for (const [some, floor] of steps) narrow(left, some, room, floor);
  return left;
}

/**
 * Columns aligned by their widest cell; the last one is not padded. On a terminal that is too narrow the status stays whole, in a
 * pipe everything does.
 */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[], output: Output): void {
  const all = columnsOf(head, rows);
  const columns = output.isTerminal ? fitted(all, output.width) : all;
  const format = (cellOf: (column: Column) => string): string => {
    const line = columns
      .map((column, index) => {
        const cell = shortened(cellOf(column), column.width);
        return index === columns.length - 1 ? cell : padded(cell, column.width);
      })
      .join(" ".repeat(GAP));
    return output.isTerminal ? shortened(line, output.width) : line;
  };
  output.line(output.paint.dim(format(({ title }) => title)));
  rows.forEach((_, row) => {
    output.line(format(({ cells }) => cells[row] as string));
  });
}
