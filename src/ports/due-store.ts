import type { ClockSetting } from "./clock.js";

/** Kinds of work that can be due. */
export type DueKind = "schedules" | "fan_outs" | "user_changes" | "runs" | "messages";

/** A lease on due work. Due times are the store's clock (`now`); leases are real time, which no virtual clock moves. */
export interface Claim {
  now: number;
  realNow: number;
  leaseUntil: number;
  /** Unique to this claim. */
  token: string;
  /** Written with the claim, in one transaction, unless nothing is due. */
  clock?: ClockSetting;
}

/** Tells what is due and when. Times are milliseconds. */
export interface DueStore {
  /**
   * The next moment anything is due (a run or a delivery), or null. Leased work counts when its lease ends; with
   * `unleased` it does not count: a clock that is moved does not bring a lease's end nearer.
   */
  readNextDueAt(options?: { excludeLeased: boolean }): Promise<number | null>;
  /** What is due at `now`, in the store's time, and not leased at `realNow`. Lets a caller claim only what there is. */
  listDueKinds(now: number, realNow: number): Promise<ReadonlySet<DueKind>>;
  /** Whether anything happened that `runDue` has not followed up yet. */
  hasPendingEvents(): Promise<boolean>;
}
