import type { BulkResultDocument } from "./documents/bulk.js";
import type { Output } from "./output.js";

/** The result of a change of many rows, and the IDs of the rows that were changed. */
export interface BulkResult extends Omit<BulkResultDocument, "succeeded"> {
  succeeded: string[];
}

/** Prints a line for each row that failed, and the counts. `verb` is the past tense of the change, such as `deleted`. */
export function printBulkResult(noun: string, verb: string, result: BulkResult, output: Output): void {
  const { total, succeeded, failed, remaining } = result;
  if (output.verbosity.json) return output.json({ total, succeeded: succeeded.length, failed, remaining });
  if (output.verbosity.quiet) return output.lines(succeeded);
  const { green, red } = output.colors;
  for (const { id, message } of failed) output.line(`${red("✗")} ${id}: ${message}`);
  const counts = [
    `${succeeded.length} ${noun}${succeeded.length === 1 ? "" : "s"} ${verb}`,
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(remaining > 0 ? [`${remaining} not processed`] : []),
  ];
  output.line(`${failed.length + remaining === 0 ? green("✓") : red("✗")} ${counts.join(" · ")}`);
}
