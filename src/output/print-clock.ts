import type { RecipientReference } from "../domain/recipient/recipient.js";
import type { StepOutcome } from "../domain/run/outcome.js";
import { formatDuration } from "../util/duration.js";
import { oneLine } from "./escape-controls.js";
import type { Output } from "./output.js";
import { timeText } from "./time-text.js";
import { outcomeText, reasonText, recipientLabel } from "./words.js";

interface Ran {
  recipient_run_id: string;
  recipient: RecipientReference;
  workflow: string;
  at: string;
  steps: StepOutcome[];
}

interface ClockDocument {
  now: string;
  frozen: boolean;
  offset_ms: number;
  ran: Ran[];
  failed_deliveries?: FailedDelivery[];
}

interface FailedDelivery {
  message_id: string;
  recipient: RecipientReference;
  workflow: string;
  channel: string;
  status: string;
  attempts: number;
  reason: string;
  at: string;
}

/** A message whose last delivery attempt failed, as a line. */
function failedLine({ message_id, recipient, workflow, channel, status, reason, at }: FailedDelivery, output: Output) {
  const { paint } = output;
  const fate = status === "queued" ? "failed, will be tried again" : status;
  return `  ${timeText(at, output.zone)}  ${workflow}  ${recipientLabel(recipient)}  ${channel} ${paint.red(fate)} ${paint.dim(`(${oneLine(reason)})`)}  ${message_id}`;
}

/** One advance of one run, as a line. */
export function ranLine(ran: Ran, output: Output): string {
  const { paint } = output;
  const steps = ran.steps
    .filter((step) => step.outcome !== "passed")
    .map(
      (step) =>
        `${outcomeText(step, ran.steps)}${step.until ? ` until ${timeText(step.until, output.zone)}` : ""}${step.reason && step.reason.code !== "batched" ? paint.dim(` (${reasonText(step.reason)})`) : ""}`,
    );
  return `  ${timeText(ran.at, output.zone)}  ${ran.workflow}  ${recipientLabel(ran.recipient)}  ${steps.join(paint.dim(" · ")) || "ended"}`;
}

interface Held {
  schedule_id: string;
  workflow: string;
  recipient: RecipientReference;
  at: string;
  error: string;
}

/** A schedule's occurrence that stays due because its workflow cannot be read. */
export function warnHeld({ schedule_id, recipient, at, error }: Held, output: Output): void {
  output.warn(
    `schedule ${schedule_id} for ${recipientLabel(recipient)} was due at ${timeText(at, output.zoneError)} and is kept until its workflow can be read: ${error}`,
  );
}

/** `knock clock` and everything that moves it (section 5 of the contract). */
export function printClock(state: ClockDocument, output: Output): void {
  const { verbosity, paint } = output;
  if (verbosity.json) return output.json(state);
  if (verbosity.quiet) return output.line(state.now);
  for (const ran of state.ran) output.line(ranLine(ran, output));
  const failed = state.failed_deliveries ?? [];
  if (failed.length > 0) output.line(paint.red(failed.length === 1 ? "delivery failed:" : "deliveries failed:"));
  for (const one of failed) output.line(failedLine(one, output));
  const ahead =
    Math.abs(state.offset_ms) < 1_000
      ? ""
      : `, ${formatDuration(Math.abs(state.offset_ms))} ${state.offset_ms > 0 ? "ahead of" : "behind"} real time`;
  output.line(
    `${paint.bold(timeText(state.now, output.zone))}${paint.dim(state.frozen ? `  (frozen${ahead})` : ahead === "" ? "  (real time)" : `  (running${ahead})`)}`,
  );
}
