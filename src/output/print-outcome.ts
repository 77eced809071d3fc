import {
  type CancelOutcome,
  countMessages,
  type RecipientOutcome,
  type StepOutcome,
  type TriggerOutcome,
} from "../domain/run/outcome.js";
import { hasSentNothing, listResultParts } from "../domain/run/run-result.js";
import type { Colors } from "./colors.js";
import { escapeToOneLine } from "./escape-controls.js";
import { formatUntil } from "./format-time.js";
import {
  formatReason,
  formatRecipientLabel,
  formatResult,
  formatStepLabel,
  formatStepOutcome,
  formatStepStatus,
} from "./labels.js";
import type { Output } from "./output.js";

/** The number of recipients above which the output is a summary, unless `--verbose` is set. */
const MAX_RECIPIENT_LINES = 20;

function formatStep(
  step: StepOutcome,
  all: readonly StepOutcome[],
  now: number,
  { colors: paint, zone }: Output,
): string {
  const label = formatStepLabel(step, all);
  const reason = formatReason(step.reason);
  const reasonSuffix = reason === "" ? "" : paint.dim(` (${reason})`);
  switch (step.outcome) {
    case "sent":
      return `${label} ${formatStepStatus(step, paint)}`;
    case "waiting":
      return `${paint.yellow("waiting")} at ${step.ref}${step.until ? formatUntil(step.until, now, zone) : " for an event"}${reasonSuffix}`;
    case "queued":
      return `${label} ${paint.yellow("queued")}${formatUntil(step.until, now, zone)}`;
    case "failed":
      return `${label} ${formatStepStatus(step, paint)}${reasonSuffix}`;
    case "passed":
      if (step.guide) return `${label} ${paint.green(`added to ${step.guide}`)}`;
      return step.branch ? `${label} → ${step.branch}` : `${label} passed`;
    default:
      return step.reason?.code === "batched"
        ? formatStepOutcome(step, all)
        : `${formatStepOutcome(step, all)}${reasonSuffix}`;
  }
}

/** Types of steps that change or start something and send no message. */
const SIDE_EFFECT_STEP = /^(update_|trigger_workflow)/;

/**
 * Returns the steps to print. Without `--verbose`, passed delays and branches are left out, and passed steps with side
 * effects are included only if there are no other steps.
 */
function selectSteps(steps: readonly StepOutcome[], verbose: boolean): readonly StepOutcome[] {
  if (verbose) return steps;
  const notable = steps.filter((step) => step.outcome !== "passed" || step.guide !== undefined);
  return notable.length > 0 ? notable : steps.filter(({ type }) => SIDE_EFFECT_STEP.test(type));
}

function hasFailed(recipient: RecipientOutcome): boolean {
  return (
    recipient.reason?.code === "recipient_not_found" ||
    recipient.reason?.code === "render_error" ||
    recipient.steps.some((step) => step.outcome === "failed")
  );
}

function isWaiting(recipient: RecipientOutcome): boolean {
  return recipient.steps.some((step) => step.outcome === "waiting" || step.outcome === "queued");
}

/** Returns whether the run should have waited but did not. Its messages were probably sent in the wrong moment. */
const hasNotWaited = ({ steps }: RecipientOutcome): boolean =>
  steps.some(({ reason }) => reason?.code === "invalid_window");

function formatMark(recipient: RecipientOutcome, paint: Colors): string {
  if (hasFailed(recipient)) return paint.red("✗");
  if (recipient.status === "cancelled") return paint.dim("○");
  if (isWaiting(recipient)) return paint.yellow("‖");
  if (hasSentNothing(recipient)) return paint.dim("–");
  return hasNotWaited(recipient) ? paint.yellow("!") : paint.green("✓");
}

function suggestIdentify({ recipient }: RecipientOutcome): string {
  // An email address is probably that of a user with another ID.
  if (typeof recipient === "string" && recipient.includes("@")) return `knock users list --email ${recipient}`;
  return typeof recipient === "string"
    ? `knock users set ${recipient} --file …`
    : `knock objects set ${recipient.collection} ${recipient.id} --file …`;
}

function formatRecipientOutcome(recipient: RecipientOutcome, now: number, output: Output): string {
  const { colors: paint, verbosity } = output;
  if (recipient.reason?.code === "recipient_not_found")
    return `not identified, nothing was sent ${paint.dim(output.nameCommand(`(${suggestIdentify(recipient)})`))}`;
  const steps = selectSteps(recipient.steps, verbosity.verbose).map((step) =>
    formatStep(step, recipient.steps, now, output),
  );
  if (recipient.reason) steps.push(`stopped ${paint.dim(`(${formatReason(recipient.reason)})`)}`);
  if (recipient.status === "cancelled" && !recipient.steps.some((step) => step.outcome === "cancelled"))
    steps.push("cancelled");
  if (steps.length === 0) steps.push("nothing to send");
  if (recipient.via) steps.push(paint.dim(`via ${recipient.via.collection}/${recipient.via.id}`));
  return steps.join(paint.dim(" · "));
}

function printRecipients(recipients: readonly RecipientOutcome[], now: number, output: Output): void {
  const labels = recipients.map((recipient) => formatRecipientLabel(recipient.recipient));
  const width = Math.min(32, Math.max(...labels.map((label) => label.length)));
  for (const [index, recipient] of recipients.entries()) {
    output.line(
      `  ${(labels[index] as string).padEnd(width)}  ${formatMark(recipient, output.colors)} ${formatRecipientOutcome(recipient, now, output)}`,
    );
  }
}

/** Prints how often each outcome occurred among many recipients, the most frequent first. */
function printRecipientSummary(recipients: readonly RecipientOutcome[], now: number, output: Output): void {
  const counts = new Map<string, number>();
  for (const recipient of recipients) {
    const text = `${formatMark(recipient, output.colors)} ${formatRecipientOutcome({ ...recipient, recipient: "…" }, now, output)}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const rows = [...counts].sort((a, b) => b[1] - a[1]);
  const width = String(rows[0]?.[1] ?? 0).length;
  for (const [text, count] of rows.slice(0, MAX_RECIPIENT_LINES))
    output.line(`  ${String(count).padStart(width)} × ${text}`);
  if (rows.length > MAX_RECIPIENT_LINES) output.line(`  … ${rows.length - MAX_RECIPIENT_LINES} other outcomes`);
  output.line(output.colors.dim(`  (${recipients.length} recipients summarized; use --verbose to list them)`));
}

/** Returns what the runs came to, with the number of messages if it differs from that of the steps. */
function formatSummary({ recipients, summary }: TriggerOutcome, paint: Colors): string {
  if (!summary) return "";
  const parts = listResultParts(recipients ?? []);
  const steps = (recipients ?? []).flatMap((recipient) => recipient.steps);
  const withMessages = steps.filter((step) => countMessages(step) > 0).length;
  const messages = { label: "messages", text: `${summary.messages} messages` };
  return formatResult(summary.messages === withMessages ? parts : [...parts, messages], paint);
}

/** Returns the document of an outcome, without what is only printed for people. */
export function toOutcomeDocument({ replayed: _replayed, ...document }: TriggerOutcome): object {
  return document;
}

/** Prints a trigger's outcome. `now` is the target's time in milliseconds, from which "in 30m" is counted. */
export function printOutcome(outcome: TriggerOutcome, now: number, output: Output, oneLine = false): void {
  const { verbosity, colors: paint } = output;
  if (verbosity.json) {
    output.json(toOutcomeDocument(outcome), oneLine);
    return;
  }
  if (verbosity.quiet) {
    output.line(outcome.workflow_run_id);
    return;
  }
  const { recipients } = outcome;
  const failed = recipients?.some(hasFailed) ?? false;
  const symbol = failed
    ? paint.red("✗")
    : recipients?.some(isWaiting)
      ? paint.yellow("‖")
      : recipients?.length && recipients.every(hasSentNothing)
        ? paint.dim("–")
        : recipients?.some(hasNotWaited)
          ? paint.yellow("!")
          : paint.green("✓");
  output.line(
    `${symbol} ${paint.bold(outcome.workflow)}  ${outcome.workflow_run_id}  ${paint.dim(outcome.target)}${outcome.replayed ? paint.dim("  (same idempotency key: the first response)") : ""}`,
  );
  if (recipients === null) {
    output.line(paint.dim("  accepted; use --wait to see what happens to each recipient"));
    return;
  }
  if (recipients.length === 0) output.line("  no recipient was reached");
  else if (recipients.length > MAX_RECIPIENT_LINES && !verbosity.verbose)
    printRecipientSummary(recipients, now, output);
  else printRecipients(recipients, now, output);
  output.line(formatSummary(outcome, paint));
}

interface CancellationDetails {
  /** Whether only the runs of some recipients were selected. */
  isFiltered: boolean;
  /** Cancellation keys of pending runs, for a key that no run has. */
  pendingKeys: readonly string[];
}

/** Returns a sentence about triggers that a cancellation reached before all their recipients, or null without any. */
function formatUnfinishedTriggers(count: number, isFiltered: boolean): string | null {
  if (count === 0) return null;
  const triggers =
    count === 1
      ? "1 trigger has not reached all its recipients"
      : `${count} triggers have not reached all their recipients`;
  return `${triggers} yet, and ${isFiltered ? "runs of these recipients" : "the remaining runs"} are canceled when they begin`;
}

/** Prints a cancellation. */
export function printCancellation(
  outcome: CancelOutcome,
  { isFiltered, pendingKeys }: CancellationDetails,
  output: Output,
): void {
  const { verbosity, colors: paint } = output;
  if (verbosity.json) {
    output.json(outcome);
    return;
  }
  if (verbosity.quiet) return;
  const { recipients, summary } = outcome;
  output.line(`${paint.bold(outcome.workflow)}  ${outcome.cancellation_key}  ${paint.dim(outcome.target)}`);
  if (recipients === null) {
    output.line(paint.dim("  accepted; the API does not report which runs were canceled"));
    return;
  }
  const unfinished = formatUnfinishedTriggers(summary?.unfinished_triggers ?? 0, isFiltered);
  if (recipients.length === 0 && unfinished === null) {
    const whose = `no run of ${outcome.workflow}${isFiltered ? " for these recipients" : ""}`;
    const pending = pendingKeys.length === 0 ? "" : ` (pending: ${pendingKeys.map(escapeToOneLine).join(", ")})`;
    output.line(`  ${whose} has the cancellation key ${JSON.stringify(outcome.cancellation_key)}${pending}`);
    return;
  }
  const width = Math.max(0, ...recipients.map((recipient) => formatRecipientLabel(recipient.recipient).length));
  const listed = verbosity.verbose ? recipients : recipients.slice(0, MAX_RECIPIENT_LINES);
  for (const recipient of listed) {
    const text =
      recipient.outcome === "cancelled"
        ? `${paint.green("✓")} canceled`
        : `${paint.dim("–")} not canceled (${recipient.reason?.code === "cancelled" ? "already canceled" : "already finished"})`;
    output.line(`  ${formatRecipientLabel(recipient.recipient).padEnd(width)}  ${text}`);
  }
  if (recipients.length > listed.length)
    output.line(paint.dim(`  … ${recipients.length - listed.length} more (use --verbose to list them)`));
  if (unfinished !== null) output.line(`  ${unfinished}`);
  output.line(
    `${summary?.cancelled ?? 0} canceled${summary?.not_cancellable ? ` · ${summary.not_cancellable} not canceled` : ""}`,
  );
}
