import type { JsonObject } from "../util/json.js";

/** An event that may have to be sent to webhooks. Entries are in the order in which the events happened. */
export type OutboundEntry = { id: number } & (
  | {
      about: "message";
      message_id: string;
      /** The message's events from index `first` to before index `last`, oldest first. */
      first: number;
      last: number;
    }
  | { about: "run"; recipient_run_id: string; type: string; at: number }
  | { about: "document"; type: string; at: number; document: JsonObject }
);

/** The id of an entry, and a webhook that has processed it. */
export interface AcknowledgedEntry {
  entry: number;
  webhook: string;
}

/**
 * The queue of events for webhooks, kept by the store. While it is watched, and for a day longer, every process that
 * writes to the store also writes the events here, in the transaction in which they happen. One process at a time reads
 * it.
 */
export interface OutboundLog {
  /**
   * Starts or continues to watch as the only reader, for `leaseMs` of the store's real time. Returns false while another
   * process reads.
   */
  acquire(owner: string, leaseMs: number): Promise<boolean>;
  /** Lets another process read. Events are still recorded. */
  release(owner: string): Promise<void>;
  /** Stops recording and deletes all entries, unless another process reads them. */
  stopRecording(owner: string): Promise<void>;
  /** Deletes all entries. */
  clear(): Promise<void>;
  /**
   * Returns the oldest entries after an id, in order. Never skips an entry: one that is committed late comes after those
   * already read.
   */
  readEntries(after: number, limit: number): Promise<OutboundEntry[]>;
  /** Adds an event that happened outside the store. */
  record(type: string, at: number, document: JsonObject): Promise<void>;
  /** Deletes entries that every webhook has processed, or that were given up. */
  deleteEntries(ids: readonly number[]): Promise<void>;
  /** Records which entries single webhooks have processed while other webhooks have not. */
  acknowledge(entries: readonly AcknowledgedEntry[]): Promise<void>;
  /**
   * Records that a webhook has processed all entries, so that it receives only later events. Returns the id of the
   * newest entry, or 0 if the log is empty.
   */
  acknowledgeAll(webhook: string): Promise<number>;
  /** Returns the acknowledgments of entries that still exist. */
  listAcknowledged(): Promise<AcknowledgedEntry[]>;
}
