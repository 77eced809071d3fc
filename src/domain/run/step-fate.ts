import { type DeliveryStatus, statusWord } from "../message/message.js";
import { messageCount, type StepOutcome } from "./outcome.js";

/** One word for what a step came to, and how many messages it is said of (1 for a step without messages). */
interface StepFate {
  word: string;
  count: number;
}

/** Statuses that say more of a message than its step's outcome does. Others are on their way to one of these. */
const TELLING: Readonly<Record<string, readonly DeliveryStatus[]>> = {
  sent: ["not_sent", "delivered"],
  failed: ["undelivered", "bounced"],
};

/**
 * Returns the words that people read for what a step came to: of a message the word that lists of messages show (`sandboxed`,
 * `delivered`, `bounced`, …), of everything else the step's outcome. Several where the step's messages ended differently.
 */
export function stepFates(step: StepOutcome): StepFate[] {
  const telling = TELLING[step.outcome] ?? [];
  const statuses =
    step.message_statuses ?? new Array(Math.max(1, messageCount(step))).fill(step.message_status ?? null);
  const counts = new Map<string, number>();
  for (const status of statuses) {
    const word = telling.some((one) => one === status) ? statusWord(status) : step.outcome;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => ({ word, count }));
}
