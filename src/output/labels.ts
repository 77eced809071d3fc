import { findChannelType } from "../domain/message/channel-types.js";
import { SANDBOXED } from "../domain/message/message.js";
import { formatRecipient, type RecipientReference } from "../domain/recipient/recipient.js";
import { countMessages, type Reason, type StepOutcome } from "../domain/run/outcome.js";
import type { ResultPart } from "../domain/run/run-result.js";
import { getStepLabels } from "../domain/run/step-labels.js";
import { type Colors, NO_COLORS } from "./colors.js";
import { escapeToOneLine } from "./escape-controls.js";

/** Returns the name of a step: its channel type, or its ref if several steps of the run have the same type. */
export function formatStepLabel(step: StepOutcome, all: readonly StepOutcome[]): string {
  if (step.channel_type === undefined) return step.ref;
  const sameType = all.filter((other) => other.channel_type === step.channel_type);
  return sameType.length > 1 ? step.ref : (findChannelType(step.channel_type)?.label ?? step.channel_type);
}

export function formatRecipientLabel(recipient: RecipientReference): string {
  return escapeToOneLine(formatRecipient(recipient));
}

/** A sandboxed message has reached no one, so it does not look like a delivered one. */
const STATUS_STYLES: Readonly<Record<string, keyof Colors>> = {
  sent: "green",
  delivered: "green",
  [SANDBOXED]: "cyan",
  waiting: "yellow",
  queued: "yellow",
  failed: "red",
  undelivered: "red",
  bounced: "red",
};

/** Returns what runs came to with the color of each part: `1 delivered · 2 skipped`. */
export function formatResult(parts: readonly ResultPart[], paint: Colors): string {
  return parts.map(({ label, text }) => paintStatus(label, text, paint)).join(paint.dim(" · "));
}

/** Returns a text in the color of a status. */
function paintStatus(label: string, text: string, paint: Colors): string {
  const style = STATUS_STYLES[label];
  return style === undefined ? text : paint[style](text);
}

/**
 * Returns the status of a step's messages: `sandboxed`, `delivered ×2`, or `delivered ×1, bounced ×1` for several
 * messages.
 */
export function formatStepStatus(step: StepOutcome, paint: Colors = NO_COLORS): string {
  const isOne = countMessages(step) <= 1;
  return getStepLabels(step)
    .map(({ label, count }) => paintStatus(label, isOne ? label : `${label} ×${count}`, paint))
    .join(", ");
}

/**
 * Returns a step's name with its status, such as `email sandboxed`. A run that joins an open batch is described as
 * such.
 */
export function formatStepOutcome(step: StepOutcome, all: readonly StepOutcome[]): string {
  if (step.reason?.code === "batched") return `joined the open batch at ${step.ref}`;
  return `${formatStepLabel(step, all)} ${formatStepStatus(step)}`;
}

const REASON_PREFIX: Partial<Record<Reason["code"], string>> = {
  missing_recipient_data: "",
  render_error: "",
  delivery_error: "",
};

export function formatReason(reason: Reason | null | undefined): string {
  return escapeToOneLine(formatRawReason(reason));
}

function formatRawReason(reason: Reason | null | undefined): string {
  if (!reason) return "";
  const prefix = REASON_PREFIX[reason.code] ?? reason.code.replaceAll("_", " ");
  if (reason.detail === null) return reason.code.replaceAll("_", " ");
  return prefix === "" ? reason.detail : `${prefix}: ${reason.detail}`;
}
