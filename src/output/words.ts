import type { Reason, StepOutcome } from "../domain/outcome.js";
import type { RecipientReference } from "../domain/recipient.js";
import { formatDuration } from "../util/duration.js";

const CHANNEL_LABELS: Record<string, string> = { in_app_feed: "in-app", http: "webhook", in_app_guide: "guide" };

/** A step as a person names it: its channel type, or its ref where two steps of the run share the type. */
export function stepLabel(step: StepOutcome, all: readonly StepOutcome[]): string {
  if (step.channel_type === undefined) return step.ref;
  const sameType = all.filter((other) => other.channel_type === step.channel_type);
  return sameType.length > 1 ? step.ref : (CHANNEL_LABELS[step.channel_type] ?? step.channel_type);
}

export function recipientLabel(recipient: RecipientReference): string {
  return typeof recipient === "string" ? recipient : `${recipient.id} (${recipient.collection})`;
}

const REASON_PREFIX: Partial<Record<Reason["code"], string>> = {
  missing_recipient_data: "",
  render_error: "",
  delivery_error: "",
};

export function reasonText(reason: Reason | null | undefined): string {
  if (!reason) return "";
  const prefix = REASON_PREFIX[reason.code] ?? reason.code.replaceAll("_", " ");
  if (reason.detail === null) return reason.code.replaceAll("_", " ");
  return prefix === "" ? reason.detail : `${prefix}: ${reason.detail}`;
}

/** `10:35 (in 30m)`; with the day where it is another one. Times are the machine's local ones. */
export function untilText(until: string | null | undefined, now: number): string {
  if (!until) return "";
  const at = new Date(until);
  const clock = `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
  const today = new Date(now);
  const sameDay =
    at.getFullYear() === today.getFullYear() && at.getMonth() === today.getMonth() && at.getDate() === today.getDate();
  const day = sameDay
    ? ""
    : `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")} `;
  return ` until ${day}${clock} (in ${formatDuration(at.getTime() - now)})`;
}
