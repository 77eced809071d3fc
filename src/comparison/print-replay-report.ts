import { formatRecipient } from "../domain/recipient/recipient.js";
import { formatTime } from "../output/format-time.js";
import type { Output } from "../output/output.js";
import { formatCount } from "../util/format-count.js";
import { type FieldDifference, formatFieldDifference } from "./format-difference.js";
import { hasDifferences, type RecipientDifferences, type ReplayReport } from "./replay-report.js";

type ListedMessage = RecipientDifferences["changed"][number]["before"];

/** Returns the workflow, the step, the channel, the time and the title of a message. */
function formatMessage({ workflow, step, channel, tenant, at, title }: ListedMessage, output: Output): string {
  const parts = [
    `${workflow} ${step}`,
    channel.key,
    ...(tenant === null ? [] : [`tenant ${tenant}`]),
    formatTime(at, output.zone),
  ];
  return `${parts.join("  ")}${title === "" ? "" : `  ${output.colors.dim(title)}`}`;
}

/** Returns a difference whose times are formatted for people. */
function formatTimes({ field, before, after }: FieldDifference, output: Output): FieldDifference {
  const format = (text: string | null): string | null =>
    text === null || field !== "at" ? text : formatTime(text, output.zone);
  return { field, before: format(before), after: format(after) };
}

/** Prints the messages that one recipient gains, loses or gets in another form. */
export function printRecipientDifferences(
  { recipient, gained, lost, changed }: RecipientDifferences,
  output: Output,
): void {
  const { colors: paint, verbosity } = output;
  output.line(paint.bold(formatRecipient(recipient)));
  for (const message of lost) output.line(`  ${paint.red("- lost   ")}  ${formatMessage(message, output)}`);
  for (const message of gained) output.line(`  ${paint.green("+ gained ")}  ${formatMessage(message, output)}`);
  for (const { before, after, fields } of changed) {
    output.line(`  ${paint.yellow("~ changed")}  ${formatMessage(after, output)}`);
    if (verbosity.verbose && before.step !== after.step) output.line(`      step ${before.step} is now ${after.step}`);
    for (const field of fields) output.lines(formatFieldDifference(formatTimes(field, output), output));
  }
  output.line();
}

/** Returns the totals in one line. */
function formatReplaySummary({ summary }: ReplayReport): string {
  const { triggers, recipients, gained, lost, changed, equal } = summary;
  const counts = `${gained} gained, ${lost} lost, ${changed} changed, ${equal} equal`;
  return `${formatCount(triggers, "trigger")} replayed: ${formatCount(recipients, "recipient")} with differences (messages: ${counts})`;
}

/** Prints the differences by recipient, the triggers that could not be run, and the totals. `--quiet` prints only recipients. */
export function printReplayReport(report: ReplayReport, output: Output): void {
  const { verbosity, colors: paint } = output;
  if (verbosity.json) return output.json(report);
  if (verbosity.quiet) {
    for (const { recipient } of report.recipients) output.line(formatRecipient(recipient));
    return;
  }
  const { source, before, after, since, until } = report;
  if (since !== null && until !== null)
    output.line(
      `Triggers of ${source} from ${formatTime(since, output.zone)} to ${formatTime(until, output.zone)}; before: ${before}, after: ${after}\n`,
    );
  for (const recipient of report.recipients) printRecipientDifferences(recipient, output);
  for (const { side, trigger, workflow, message } of report.rejected)
    output.line(
      `${paint.red("✗")} ${workflow}  ${trigger}  ${side === "before" ? "rejected before" : "rejected"}: ${message}`,
    );
  if (report.rejected.length > 0) output.line();
  for (const note of report.notes) output.note(`note: ${note}`);
  const mark = hasDifferences(report) ? paint.red("✗") : paint.green("✓");
  output.line(`${mark} ${formatReplaySummary(report)}`);
}
