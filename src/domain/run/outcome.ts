import type * as z from "zod/mini";
import type { DeliveryStatus } from "../message/message.js";
import type {
  cancelOutcomeSchema,
  outcomeSummarySchema,
  reasonSchema,
  recipientOutcomeSchema,
  stepOutcomeSchema,
  triggerOutcomeSchema,
} from "./outcome-schema.js";

export type { ReasonCode } from "./reasons.js";

export type Reason = z.infer<typeof reasonSchema>;

/** The outcome of one step of one run. Steps that were not reached are absent. */
export type StepOutcome = z.infer<typeof stepOutcomeSchema>;

export type StepResult = StepOutcome["outcome"];

export type RecipientOutcome = z.infer<typeof recipientOutcomeSchema>;

type OutcomeSummary = z.infer<typeof outcomeSummarySchema>;

/** The outcome of a trigger. `recipients` is null if the target does not report them. */
export type TriggerOutcome = z.infer<typeof triggerOutcomeSchema> & {
  /** True if this is an earlier response to the same idempotency key (E-383). It is not printed in JSON. */
  replayed?: boolean;
};

/** The outcome of a cancellation. */
export type CancelOutcome = z.infer<typeof cancelOutcomeSchema>;

/** The delivery statuses with which a channel step has failed. */
export const FAILED_DELIVERY_STATUSES: readonly DeliveryStatus[] = ["undelivered", "bounced"];

/** Returns the number of messages that a step created. */
export function countMessages({ message_id, message_ids }: StepOutcome): number {
  return message_ids?.length ?? (message_id ? 1 : 0);
}

/**
 * Returns the totals of outcomes: `messages` counts messages, and the fields after it count steps. A recipient that was
 * never identified adds 1 to `failed`.
 */
export function summarizeOutcomes(recipients: readonly RecipientOutcome[]): OutcomeSummary {
  const summary: OutcomeSummary = {
    recipients: recipients.length,
    messages: 0,
    sent: 0,
    skipped: 0,
    waiting: 0,
    failed: 0,
    cancelled: 0,
  };
  for (const { steps, reason } of recipients) {
    if (reason?.code === "recipient_not_found") summary.failed++;
    for (const step of steps) {
      summary.messages += countMessages(step);
      if (step.outcome === "sent") summary.sent++;
      else if (step.outcome === "skipped") summary.skipped++;
      else if (step.outcome === "waiting" || step.outcome === "queued") summary.waiting++;
      else if (step.outcome === "failed") summary.failed++;
      else if (step.outcome === "cancelled") summary.cancelled++;
    }
  }
  return summary;
}
