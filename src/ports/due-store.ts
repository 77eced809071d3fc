import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { ClockSetting } from "./clock-store.js";

/** The kinds of work that can be due. */
export type DueKind = "schedules" | "fan_outs" | "user_changes" | "runs" | "messages";

/**
 * Restricts claims to part of the due work. Work is in the scope if any of the lists contains it; a scope without lists
 * contains all work. The other fields then narrow the scope. A scope never changes, because stores cache what they look up
 * for it.
 */
export interface WorkScope {
  /** The fan-outs, runs and messages of these workflow runs. */
  workflowRunIds?: readonly string[];
  /** The recipient runs to claim with their messages, for example runs that an event made due. */
  recipientRunIds?: readonly string[];
  messageIds?: readonly string[];
  scheduleIds?: readonly string[];
  /** The user changes of these users. */
  users?: readonly RecipientKey[];
  /** The ID of the channel whose messages are claimed. */
  channel?: string;
  /** The IDs of channels whose messages are not claimed. */
  exceptChannels?: readonly string[];
  /** The range of rows of the runs of one job, in stores for many workers. */
  rows?: { from: number; to: number };
  /** The range of the hashes of recipients whose work is claimed, in stores for many workers. */
  shards?: { from: number; to: number };
  /**
   * Whether the caller's job is the lease, in stores for many workers. Then runs are saved by their revision and not
   * leased, except those whose next step sends a request.
   */
  heldByJob?: boolean;
  /** Claims one row of suspected work, and nothing else. Claims without it contain no suspected work. */
  suspected?: boolean;
}

/**
 * The work that a write made due, which can be added to a scope: triggers that steps created, runs that an event or a full
 * batch made due, and users with unprocessed changes.
 */
export interface CausedWork {
  readonly workflowRunIds: readonly string[];
  readonly recipientRunIds: readonly string[];
  readonly users: readonly RecipientKey[];
}

export const NO_CAUSED_WORK: CausedWork = { workflowRunIds: [], recipientRunIds: [], users: [] };

/**
 * A lease on due work. Due times use the store's clock (`now`). Leases use the store's own real time, which no virtual clock
 * moves and which does not depend on the clocks of the processes.
 */
export interface Claim {
  now: number;
  /** The store adds this to its own real time. */
  leaseMs: number;
  /** Unique for each claim. */
  token: string;
  /** Claims only work in this scope. Default: all. */
  scope?: WorkScope;
  /** A clock setting to write in the transaction of the claim. It is not written if nothing is due. */
  clock?: ClockSetting;
  /**
   * The time up to which later runs are also claimed if runs are due at `now`, to save the work of several moments in
   * one transaction. The claim ends before the first moment at which other work is due or a batch closes, and while a
   * run waits for an event it contains only runs that are due at `now`.
   */
  until?: number;
}

/** The scope of work that is suspected of ending processes. */
export const SUSPECTED_WORK: WorkScope = { suspected: true };

/** Reports which work is due and when. Times are milliseconds. */
export interface DueStore {
  /**
   * Returns the next time that any work is due, or null. Leased work is due when its lease ends. With `excludeLeased`
   * it is left out, because moving the clock does not end a lease earlier.
   */
  readNextDueAt(options?: { excludeLeased: boolean }): Promise<number | null>;
  /**
   * Returns the kinds of work in the scope that are due at `now` (the store's time) and not leased, so that a caller claims
   * only those.
   */
  listDueKinds(now: number, scope?: WorkScope): Promise<ReadonlySet<DueKind>>;
  /**
   * Ends the leases of due work whose process has certainly ended, as far as the store can tell, and counts the death for this
   * work. With `endsPauses`, also ends the pauses of suspected work. Returns whether there were any. Slow if much is due.
   */
  releaseDeadClaims(now: number, options?: { endsPauses: boolean }): Promise<boolean>;
  /** Ends the leases of claims, so that their work can be claimed again. */
  releaseClaims(tokens: readonly string[]): Promise<void>;
  /**
   * Returns how many processes have ended while they did only the suspected work of a claim. Null if the claim contains other
   * work.
   */
  getDeathsAlone(token: string): number | null;
  /** Ends a claim of suspected work that a process survived. Work that is not done stays suspected. */
  settleSuspected(token: string, options: { isDone: boolean }): Promise<void>;
  /**
   * Returns whether an error comes from the store and says nothing about the values that were written. The same write may
   * succeed later.
   */
  isTransient(error: unknown): boolean;
}
