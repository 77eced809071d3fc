import type { DeliveryStatus } from "../domain/message/message.js";
import type { RecipientReference } from "../domain/recipient/recipient.js";

/** A message whose last delivery attempt failed during a move of the clock. */
export interface FailedDelivery {
  message_id: string;
  recipient_run_id: string;
  recipient: RecipientReference;
  workflow: string;
  step_ref: string;
  channel: string;
  /** `undelivered` and `bounced` are final. `queued` will be retried. */
  status: DeliveryStatus;
  attempts: number;
  reason: string;
  /** ISO 8601. */
  at: string;
}
