import {
  type CancelOutcome,
  messageCount,
  type RecipientOutcome,
  type StepOutcome,
  type TriggerOutcome,
} from "../domain/run/outcome.js";
import { stepFates } from "../domain/run/step-fate.js";
import type { Output } from "./output.js";
import type { Paint } from "./paint.js";
import { untilText } from "./time-text.js";
import { fateText, outcomeText, reasonText, recipientLabel, stepLabel } from "./words.js";

/** More recipients than this are summed up, unless `--verbose`. */
const MAX_LINES = 20;

function stepText(step: StepOutcome, all: readonly StepOutcome[], now: number, { paint, zone }: Output): string {
  const label = stepLabel(step, all);
  const why = reasonText(step.reason);
  const because = why === "" ? "" : paint.dim(` (${why})`);
  switch (step.outcome) {
    case "sent":
      return `${label} ${paint.green(fateText(step))}`;
    case "waiting":
      return `${paint.yellow("waiting")} at ${step.ref}${step.until ? untilText(step.until, now, zone) : " for an event"}${because}`;
    case "queued":
      return `${label} ${paint.yellow("queued")}${untilText(step.until, now, zone)}`;
    case "failed":
      return `${label} ${paint.red(fateText(step))}${because}`;
    case "passed":
      if (step.guide) return `${label} ${paint.green(`added to ${step.guide}`)}`;
      return step.branch ? `${label} → ${step.branch}` : `${label} passed`;
    default:
      return step.reason?.code === "batched" ? outcomeText(step, all) : `${outcomeText(step, all)}${because}`;
  }
}

/** Steps that change or start something, and make no message. */
const DOES = /^(update_|trigger_workflow)/;

/**
 * Steps that say something to a reader: a delay that passed or a branch taken only with `--verbose`, what was changed where
 * nothing else is there to tell.
 */
function shownSteps(steps: readonly StepOutcome[], verbose: boolean): readonly StepOutcome[] {
  if (verbose) return steps;
  const telling = steps.filter((step) => step.outcome !== "passed" || step.guide !== undefined);
  return telling.length > 0 ? telling : steps.filter(({ type }) => DOES.test(type));
}

function isFailure(recipient: RecipientOutcome): boolean {
  return (
    recipient.reason?.code === "recipient_not_found" ||
    recipient.reason?.code === "render_error" ||
    recipient.steps.some((step) => step.outcome === "failed")
  );
}

function isWaiting(recipient: RecipientOutcome): boolean {
  return recipient.steps.some((step) => step.outcome === "waiting" || step.outcome === "queued");
}

function mark(recipient: RecipientOutcome, paint: Paint): string {
  if (isFailure(recipient)) return paint.red("✗");
  if (recipient.status === "cancelled") return paint.dim("○");
  return isWaiting(recipient) ? paint.yellow("‖") : paint.green("✓");
}

function identifyHint({ recipient }: RecipientOutcome): string {
  return typeof recipient === "string"
    ? `knock users set ${recipient} --file …`
    : `knock objects set ${recipient.collection} ${recipient.id} --file …`;
}

function recipientText(recipient: RecipientOutcome, now: number, output: Output): string {
  const { paint, verbosity } = output;
  if (recipient.reason?.code === "recipient_not_found")
    return `not identified: nothing was sent ${paint.dim(`(${identifyHint(recipient)})`)}`;
  const steps = shownSteps(recipient.steps, verbosity.verbose).map((step) =>
    stepText(step, recipient.steps, now, output),
  );
  if (recipient.reason) steps.push(`stopped ${paint.dim(`(${reasonText(recipient.reason)})`)}`);
  if (recipient.status === "cancelled" && !recipient.steps.some((step) => step.outcome === "cancelled"))
    steps.push("cancelled");
  if (steps.length === 0) steps.push("nothing to send");
  if (recipient.via) steps.push(paint.dim(`via ${recipient.via.collection}/${recipient.via.id}`));
  return steps.join(paint.dim(" · "));
}

function printRecipients(recipients: readonly RecipientOutcome[], now: number, output: Output): void {
  const labels = recipients.map((recipient) => recipientLabel(recipient.recipient));
  const width = Math.min(32, Math.max(...labels.map((label) => label.length)));
  for (const [index, recipient] of recipients.entries()) {
    output.line(
      `  ${(labels[index] as string).padEnd(width)}  ${mark(recipient, output.paint)} ${recipientText(recipient, now, output)}`,
    );
  }
}

/** Many recipients: how often each way of ending occurred, the most frequent first. */
function printSummed(recipients: readonly RecipientOutcome[], now: number, output: Output): void {
  const counts = new Map<string, number>();
  for (const recipient of recipients) {
    const text = `${mark(recipient, output.paint)} ${recipientText({ ...recipient, recipient: "…" }, now, output)}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const rows = [...counts].sort((a, b) => b[1] - a[1]);
  const width = String(rows[0]?.[1] ?? 0).length;
  for (const [text, count] of rows.slice(0, MAX_LINES)) output.line(`  ${String(count).padStart(width)} × ${text}`);
  if (rows.length > MAX_LINES) output.line(`  … ${rows.length - MAX_LINES} other outcomes`);
  output.line(output.paint.dim(`  (${recipients.length} recipients summed up; --verbose lists them)`));
}

/** Sent steps by the word for their messages, then the other steps; the number of messages where it differs. */
function summaryText({ recipients, summary }: TriggerOutcome, paint: Paint): string {
  if (!summary) return "";
  const steps = (recipients ?? []).flatMap((one) => one.steps);
  const sent = new Map<string, number>();
  for (const step of steps.filter(({ outcome }) => outcome === "sent")) {
    const word = stepFates(step)
      .map((fate) => fate.word)
      .join(" and ");
    sent.set(word, (sent.get(word) ?? 0) + 1);
  }
  const withMessages = steps.filter((step) => messageCount(step) > 0).length;
  const parts = [
    ...[...sent].map(([word, count]) => paint.green(`${count} ${word}`)),
    summary.skipped > 0 ? `${summary.skipped} skipped` : "",
    summary.waiting > 0 ? paint.yellow(`${summary.waiting} waiting`) : "",
    summary.failed > 0 ? paint.red(`${summary.failed} failed`) : "",
    summary.cancelled > 0 ? `${summary.cancelled} cancelled` : "",
    summary.messages === withMessages ? "" : `${summary.messages} messages`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "nothing sent" : parts.join(paint.dim(" · "));
}

/** `now` is the target's time, in milliseconds: "in 30m" counts from it. */
export function printOutcome(outcome: TriggerOutcome, now: number, output: Output, oneLine = false): void {
  const { verbosity, paint } = output;
  if (verbosity.json) {
    const { replayed: _replayed, ...document } = outcome;
    output.json(document, oneLine);
    return;
  }
  if (verbosity.quiet) {
    output.line(outcome.workflow_run_id);
    return;
  }
  const { recipients } = outcome;
  const failed = recipients?.some(isFailure) ?? false;
  const symbol = failed ? paint.red("✗") : recipients?.some(isWaiting) ? paint.yellow("‖") : paint.green("✓");
  output.line(
    `${symbol} ${paint.bold(outcome.workflow)}  ${outcome.workflow_run_id}  ${paint.dim(outcome.target)}${outcome.replayed ? paint.dim("  (same idempotency key: the first answer)") : ""}`,
  );
  if (recipients === null) {
    output.line(paint.dim("  accepted; --wait follows what happens to each recipient"));
    return;
  }
  if (recipients.length === 0) output.line("  no recipient was reached");
  else if (recipients.length > MAX_LINES && !verbosity.verbose) printSummed(recipients, now, output);
  else printRecipients(recipients, now, output);
  output.line(summaryText(outcome, paint));
}

/** `some`: only some recipients' runs were asked for. */
export function printCancellation(outcome: CancelOutcome, some: boolean, output: Output): void {
  const { verbosity, paint } = output;
  if (verbosity.json) {
    output.json(outcome);
    return;
  }
  if (verbosity.quiet) return;
  const { recipients, summary } = outcome;
  output.line(`${paint.bold(outcome.workflow)}  ${outcome.cancellation_key}  ${paint.dim(outcome.target)}`);
  if (recipients === null) {
    output.line(paint.dim("  accepted; this target does not tell what was cancelled"));
    return;
  }
  if (recipients.length === 0) {
    const whose = some ? "no run of this workflow for these recipients" : "no run of this workflow";
    output.line(`  nothing matched: ${whose} carries that cancellation key`);
    return;
  }
  const width = Math.max(...recipients.map((one) => recipientLabel(one.recipient).length));
  const shown = verbosity.verbose ? recipients : recipients.slice(0, MAX_LINES);
  for (const one of shown) {
    const text =
      one.outcome === "cancelled"
        ? `${paint.green("✓")} cancelled`
        : `${paint.dim("–")} not cancellable (${one.reason?.code === "cancelled" ? "already cancelled" : "already finished"})`;
    output.line(`  ${recipientLabel(one.recipient).padEnd(width)}  ${text}`);
  }
  if (recipients.length > shown.length)
    output.line(paint.dim(`  … ${recipients.length - shown.length} more (--verbose lists them)`));
  output.line(
    `${summary?.cancelled ?? 0} cancelled${summary?.not_cancellable ? ` · ${summary.not_cancellable} not cancellable` : ""}`,
  );
}
