import type { BroadcastState, BroadcastTarget, BroadcastView } from "../domain/audience/broadcast.js";
import type { RecipientUpsert } from "../domain/recipient/recipient.js";
import type { PendingTrigger } from "../domain/run/batch-continuations.js";
import type { TriggerOutcome } from "../domain/run/outcome.js";

/** A sent broadcast: one run per tenant, and one run for the recipients without a tenant. */
export interface SentBroadcast {
  broadcast: string;
  runs: { tenant: string | null; outcome: TriggerOutcome }[];
}

export interface SendBroadcastOptions {
  /** Allows sending a broadcast that was sent before. */
  again: boolean;
  /** Users to identify first. Users who are already known stay unchanged. */
  identify?: readonly RecipientUpsert[];
}

/**
 * The broadcasts of a project, sent by the engine (section 28 of the catalog). If `target` is null, the audience in the
 * file is used.
 */
export interface BroadcastOperations {
  list(): Promise<BroadcastView[]>;
  /**
   * Sends a broadcast. Throws `resource_missing` if it is unknown, and `conflict` if it is scheduled or was already
   * sent. `again` sends it a second time.
   */
  send(key: string, target: BroadcastTarget | null, options: SendBroadcastOptions): Promise<SentBroadcast>;
  /** Schedules a broadcast. `at` is in milliseconds; null uses the time in the file. */
  schedule(
    key: string,
    target: BroadcastTarget | null,
    options: SendBroadcastOptions & { at: number | null },
  ): Promise<BroadcastView>;
  /** Cancels a scheduled broadcast, which returns to its previous state. Throws `conflict` if it is not scheduled. */
  cancel(key: string): Promise<BroadcastView>;
}

/** The states of broadcasts, which are derived from their runs. */
export interface BroadcastLog {
  /** Returns the states by key. A broadcast that was never sent or scheduled has no entry. */
  readStates(): Promise<Map<string, BroadcastState>>;
  /**
   * Inserts the run that starts when the broadcast is due. Returns false if the broadcast is scheduled, or was sent and
   * `again` is false.
   */
  insert(pending: PendingTrigger, options: { again: boolean }): Promise<boolean>;
  /** Deletes a scheduled run unless it is being processed. Returns false if nothing was deleted. */
  cancel(key: string): Promise<boolean>;
  /** Lists the runs that a run was split into when the broadcast was sent, including the run itself. */
  listSiblingRuns(id: string): Promise<{ id: string; tenant: string | null }[]>;
}
