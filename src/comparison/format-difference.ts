import type { Output } from "../output/output.js";
import { type DiffLine, diffTexts } from "./diff-texts.js";

/** A field whose text differs. A text is null if only the other side has the field. */
export interface FieldDifference {
  field: string;
  before: string | null;
  after: string | null;
}

function formatDiffLine({ kind, text }: DiffLine, { colors: paint }: Output): string {
  if (kind === "added") return paint.green(`+ ${text}`);
  if (kind === "removed") return paint.red(`- ${text}`);
  return paint.dim(`  ${text}`);
}

/** Returns the name of a field and, below it, the lines that differ. */
export function formatFieldDifference({ field, before, after }: FieldDifference, output: Output): string[] {
  const lines = diffTexts(before, after);
  return [`      ${field}`, ...lines.map((line) => `        ${formatDiffLine(line, output)}`)];
}
