import type { BroadcastState, BroadcastTarget, BroadcastView } from "../domain/audience/broadcast.js";
import type { RecipientUpsert } from "../domain/recipient/recipient.js";
import type { PendingTrigger } from "../domain/run/batch-join.js";
import type { TriggerOutcome } from "../domain/run/outcome.js";

/** A broadcast that was sent: a run per tenant, and one for those in none. */
export interface SentBroadcast {
  broadcast: string;
  runs: { tenant: string | null; outcome: TriggerOutcome }[];
}

export interface SendBroadcastOptions {
  /** Sends one that was sent before. */
  again: boolean;
  /** Users to identify first; those who are known stay as they are. */
  identify?: readonly RecipientUpsert[];
}

/** A project's broadcasts over an engine (section 28 of the catalogue). `target` null: the audience that the file names. */
export interface BroadcastOperations {
  list(): Promise<BroadcastView[]>;
  /** Throws `resource_missing` for an unknown one, `conflict` for one that was sent or is scheduled; `again` sends it once more. */
  send(key: string, target: BroadcastTarget | null, options: SendBroadcastOptions): Promise<SentBroadcast>;
  /** `at` in milliseconds; null takes the file's time. */
  schedule(
    key: string,
    target: BroadcastTarget | null,
    options: SendBroadcastOptions & { at: number | null },
  ): Promise<BroadcastView>;
  /** Back to a draft, or to what it was. Throws `conflict` for one that is not scheduled. */
  cancel(key: string): Promise<BroadcastView>;
}

/** Where broadcasts stand: their runs say it. */
export interface BroadcastLog {
  /** By key; one that was never sent or scheduled is not among them. */
  readStates(): Promise<Map<string, BroadcastState>>;
  /** Makes the run that starts when it is due; false where it is scheduled, or was sent and not `again`. */
  insert(pending: PendingTrigger, options: { again: boolean }): Promise<boolean>;
  /** Removes what is scheduled and not under way; false for nothing. */
  cancel(key: string, realNow: number): Promise<boolean>;
  /** The runs that a run became when it was sent, itself included. */
  listSiblingRuns(id: string): Promise<{ id: string; tenant: string | null }[]>;
}
