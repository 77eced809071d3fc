import type { JsonObject } from "../util/json.js";

/** Something that happened and that webhooks may be told of, in the order in which it happened. */
export type OutboundEntry = { id: number } & (
  | {
      about: "message";
      message_id: string /** Which of the message's events, oldest first. */;
      first: number;
      last: number;
    }
  | { about: "run"; recipient_run_id: string; type: string; at: number }
  | { about: "document"; type: string; at: number; document: JsonObject }
);

/** An entry's id, and the webhook that has taken it. */
export interface AcknowledgedEntry {
  entry: number;
  webhook: string;
}

/**
 * What webhooks are still to be told, kept by the store. While it is watched (and a day longer) every process that writes to
 * the store writes to it, in the transaction in which the event happens. One process at a time reads it.
 */
export interface OutboundLog {
  /** Starts or goes on to watch as the only reader, until `until`; false while another process reads. Real time, milliseconds. */
  acquire(holder: string, now: number, until: number): Promise<boolean>;
  /** Lets another process read; events are still kept. */
  release(holder: string): Promise<void>;
  /** Nothing is to be told any more: forgets all of it, unless another process reads. */
  stopRecording(holder: string, now: number): Promise<void>;
  /** Forgets what is to be told. */
  clear(): Promise<void>;
  /** The oldest after an id. */
  readEntries(after: number, limit: number): Promise<OutboundEntry[]>;
  /** Adds something that happened outside the store. */
  record(type: string, at: number, document: JsonObject): Promise<void>;
  /** These have been told to all, or given up. */
  deleteEntries(ids: readonly number[]): Promise<void>;
  /** Writes down what single webhooks have taken while others have not. */
  acknowledge(listAcknowledged: readonly AcknowledgedEntry[]): Promise<void>;
  /** Writes down that a webhook has taken all that there is, to hear of what comes from now on. The newest entry's id; 0 for none. */
  acknowledgeAll(webhook: string): Promise<number>;
  /** What was written down so, of entries that are still there. */
  taken(): Promise<AcknowledgedEntry[]>;
}
