import { type DeliveryStatus, formatDeliveryStatus } from "../message/message.js";
import { countMessages, type StepOutcome } from "./outcome.js";

/** The label of a step's outcome, with the number of messages that have it (1 for a step without messages). */
interface StepLabel {
  label: string;
  count: number;
}

/** Message statuses that are more specific than the step's outcome. Other statuses are only intermediate. */
const SPECIFIC_STATUSES: Readonly<Record<string, readonly DeliveryStatus[]>> = {
  sent: ["not_sent", "delivered"],
  failed: ["undelivered", "bounced"],
};

/** Returns the label of a step's outcome, or of its message's delivery status if that is more specific. */
export function getStepLabel(outcome: string, status: unknown): string {
  const specific = SPECIFIC_STATUSES[outcome]?.find((candidate) => candidate === status);
  return specific === undefined ? outcome : formatDeliveryStatus(specific);
}

/**
 * Returns the labels for the outcome of a step. For a message it is the label in lists of messages (`sandboxed`,
 * `delivered`, `bounced`, …), otherwise the step's outcome. There are several if the step's messages have different
 * statuses.
 */
export function getStepLabels(step: StepOutcome): StepLabel[] {
  const statuses =
    step.message_statuses ?? new Array(Math.max(1, countMessages(step))).fill(step.message_status ?? null);
  const counts = new Map<string, number>();
  for (const status of statuses) {
    const label = getStepLabel(step.outcome, status);
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].map(([label, count]) => ({ label, count }));
}
