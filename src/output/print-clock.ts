import type { RecipientReference } from "../domain/recipient/recipient.js";
import type { StepOutcome } from "../domain/run/outcome.js";
import { formatDuration } from "../util/duration.js";
import type { AdvancedRunDocument, ClockDocument, FailedDeliveryDocument } from "./documents/runs.js";
import { escapeToOneLine } from "./escape-controls.js";
import { formatTime } from "./format-time.js";
import { formatReason, formatRecipientLabel, formatStepOutcome } from "./labels.js";
import type { Output } from "./output.js";

/** Formats a message whose last delivery attempt failed as one line. */
function formatFailedDelivery(
  { message_id, recipient, workflow, channel, status, reason, at }: FailedDeliveryDocument,
  output: Output,
) {
  const { colors: paint } = output;
  const result = status === "queued" ? "failed, will be retried" : status;
  return `  ${formatTime(at, output.zone)}  ${workflow}  ${formatRecipientLabel(recipient)}  ${channel} ${paint.red(result)} ${paint.dim(`(${escapeToOneLine(reason)})`)}  ${message_id}`;
}

/** Returns whether a step only waits for its request, so that the run continues at the same time. */
const continuesNow = ({ outcome, until }: StepOutcome, { at }: AdvancedRunDocument): boolean =>
  outcome === "waiting" && until === at;

/** Formats one advance of a run as one line. Null if there is nothing to report before the run continues at the same time. */
export function formatAdvancedRun(ran: AdvancedRunDocument, output: Output): string | null {
  const { colors: paint } = output;
  const continues = ran.steps.some((step) => continuesNow(step, ran));
  const steps = ran.steps
    .filter((step) => step.outcome !== "passed" && !continuesNow(step, ran))
    .map(
      (step) =>
        `${formatStepOutcome(step, ran.steps)}${step.until ? ` until ${formatTime(step.until, output.zone)}` : ""}${step.reason && step.reason.code !== "batched" ? paint.dim(` (${formatReason(step.reason)})`) : ""}`,
    );
  if (continues && steps.length === 0) return null;
  return `  ${formatTime(ran.at, output.zone)}  ${ran.workflow}  ${formatRecipientLabel(ran.recipient)}  ${steps.join(paint.dim(" · ")) || "ended"}`;
}

interface BlockedOccurrence {
  schedule_id: string;
  workflow: string;
  recipient: RecipientReference;
  at: string;
  error: string;
}

/** Warns about a schedule's occurrence that stays due, for example because its workflow cannot be read. */
export function warnBlockedOccurrence({ schedule_id, recipient, at, error }: BlockedOccurrence, output: Output): void {
  output.warn(
    `schedule ${schedule_id} for ${formatRecipientLabel(recipient)} was due at ${formatTime(at, output.errorZone)} and stays due until it can start: ${error}`,
  );
}

/** Prints the result of `knock clock` and of every command that moves the clock. */
export function printClock(state: ClockDocument, output: Output): void {
  const { verbosity, colors: paint } = output;
  if (verbosity.json) return output.json(state);
  if (verbosity.quiet) return output.line(state.now);
  output.lines(state.ran.flatMap((ran) => formatAdvancedRun(ran, output) ?? []));
  const failed = state.failed_deliveries ?? [];
  if (failed.length > 0) output.line(paint.red(failed.length === 1 ? "delivery failed:" : "deliveries failed:"));
  for (const delivery of failed) output.line(formatFailedDelivery(delivery, output));
  const difference =
    Math.abs(state.offset_ms) < 1_000
      ? ""
      : `, ${formatDuration(Math.abs(state.offset_ms))} ${state.offset_ms > 0 ? "ahead of" : "behind"} real time`;
  output.line(
    `${paint.bold(formatTime(state.now, output.zone))}${paint.dim(state.frozen ? `  (frozen${difference})` : difference === "" ? "  (real time)" : `  (running${difference})`)}`,
  );
}
