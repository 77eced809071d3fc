import type { ClockSetting } from "./clock-store.js";

/** The kinds of work that can be due. */
export type DueKind = "schedules" | "fan_outs" | "user_changes" | "runs" | "messages";

/** A lease on due work. Due times use the store's clock (`now`). Leases use real time, which no virtual clock moves. */
export interface Claim {
  now: number;
  realNow: number;
  leaseUntil: number;
  /** Unique for each claim. */
  token: string;
  /** A clock setting to write in the transaction of the claim. It is not written if nothing is due. */
  clock?: ClockSetting;
  /**
   * If runs are due at `now`, also claims later ones up to this time, to save the work of several moments in one
   * transaction.
   * The claim ends before the first moment at which other work is due or a batch closes, and while a run waits for an
   * event it contains only runs that are due at `now`.
   */
  until?: number;
}

/** Reports which work is due and when. Times are milliseconds. */
export interface DueStore {
  /**
   * Returns the next time that any work is due, or null. Leased work is due when its lease ends. With `excludeLeased`
   * it is left out, because moving the clock does not end a lease earlier.
   */
  readNextDueAt(options?: { excludeLeased: boolean }): Promise<number | null>;
  /**
   * Returns the kinds of work that are due at `now` (the store's time) and not leased at `realNow`, so that a caller
   * claims only those.
   */
  listDueKinds(now: number, realNow: number): Promise<ReadonlySet<DueKind>>;
  /** Returns whether there are events that `runDue` has not processed yet. */
  hasPendingEvents(): Promise<boolean>;
}
