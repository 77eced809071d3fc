import type { DeliveryStatus } from "../domain/message.js";
import type { RecipientKey } from "../domain/recipient.js";
import type { RunStatus } from "../domain/run-status.js";

/** What a list of recipient runs is narrowed to; what is undefined narrows nothing. */
export interface RunFilter {
  workflow?: string | undefined;
  workflow_run_id?: string | undefined;
  recipient?: RecipientKey | undefined;
  status?: RunStatus | undefined;
  tenant?: string | undefined;
}

/** Likewise for messages. */
export interface MessageFilter {
  workflow?: string | undefined;
  workflow_run_id?: string | undefined;
  recipient_run_id?: string | undefined;
  recipient?: RecipientKey | undefined;
  /** A channel's key or id. */
  channel?: string | undefined;
  status?: DeliveryStatus | undefined;
  tenant?: string | undefined;
}
