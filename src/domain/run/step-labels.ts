import { type DeliveryStatus, formatDeliveryStatus } from "../message/message.js";
import { countMessages, type StepOutcome } from "./outcome.js";

/** One word for what a step came to, and how many messages it is said of (1 for a step without messages). */
interface StepLabel {
  label: string;
  count: number;
}

/** Statuses that say more of a message than its step's outcome does. Others are on their way to one of these. */
const SPECIFIC_STATUSES: Readonly<Record<string, readonly DeliveryStatus[]>> = {
  sent: ["not_sent", "delivered"],
  failed: ["undelivered", "bounced"],
};

/**
 * Returns the words that people read for what a step came to: of a message the word that lists of messages show (`sandboxed`,
 * `delivered`, `bounced`, …), of everything else the step's outcome. Several where the step's messages ended differently.
 */
export function getStepLabels(step: StepOutcome): StepLabel[] {
  const specificStatuses = SPECIFIC_STATUSES[step.outcome] ?? [];
  const statuses =
    step.message_statuses ?? new Array(Math.max(1, countMessages(step))).fill(step.message_status ?? null);
  const counts = new Map<string, number>();
  for (const status of statuses) {
    const label = specificStatuses.some((candidate) => candidate === status)
      ? formatDeliveryStatus(status)
      : step.outcome;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].map(([label, count]) => ({ label: label, count }));
}
