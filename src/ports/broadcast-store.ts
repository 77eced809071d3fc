import type { RecipientUpsert } from "../domain/recipient/recipient.js";
import type { PendingTrigger } from "../domain/run/batch.js";
import type { FanOut } from "../domain/run/fan-out.js";

/** A broadcast's run that is due becomes runs with recipients, one per tenant; `rest` null where there are none. */
export interface FanOutSplit {
  workflow_run_id: string;
  tenant: string | null;
  rest: FanOut | null;
  triggers: PendingTrigger[];
  upserts: RecipientUpsert[];
}

/** The part of the store that sends broadcasts when they are due. */
export interface BroadcastStore {
  /** False where another process took it over: nothing was written. */
  splitFanOut(split: FanOutSplit, token: string, at: number): Promise<boolean>;
}
