import type { Output } from "./output.js";

/** Columns aligned by their widest cell; the last one is not padded. Long cells are cut to cut a terminal. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[], output: Output): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const format = (row: readonly string[]): string =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] as number))).join("  ");
  const cut = (line: string): string =>
    output.isTerminal && line.length > output.width ? `${line.slice(0, output.width - 1)}…` : line;
  output.line(output.paint.dim(cut(format(head))));
  for (const row of rows) output.line(cut(format(row)));
}
