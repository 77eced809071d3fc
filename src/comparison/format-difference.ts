import type { Output } from "../output/output.js";
import { truncateToWidth } from "../output/print-table.js";
import { type DiffLine, diffTexts } from "./diff-texts.js";

/** A field whose text differs. A text is null if only the other side has the field. */
export interface FieldDifference {
  field: string;
  before: string | null;
  after: string | null;
}

/** The indentation of the lines that differ. */
const INDENT = "        ";
const MARKS: Readonly<Record<DiffLine["kind"], string>> = { added: "+ ", removed: "- ", same: "  ", gap: "  " };

function formatDiffLine({ kind, text }: DiffLine, { colors: paint }: Output, width: number): string {
  const line = truncateToWidth(`${MARKS[kind]}${text}`, width);
  if (kind === "added") return paint.green(line);
  return kind === "removed" ? paint.red(line) : paint.dim(line);
}

/** Returns the name of a field and, below it, the lines that differ, which are truncated to a width in columns. */
export function formatFieldDifference(
  { field, before, after }: FieldDifference,
  output: Output,
  width = Number.POSITIVE_INFINITY,
): string[] {
  const lines = diffTexts(before, after);
  return [`      ${field}`, ...lines.map((line) => `${INDENT}${formatDiffLine(line, output, width - INDENT.length)}`)];
}
