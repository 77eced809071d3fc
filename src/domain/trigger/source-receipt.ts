import type { ActionType } from "./source.js";

/** What became of one mapping of an event. */
export interface ActionOutcome {
  action_type: ActionType;
  /** `skipped`: the event lacks what it needs (E-403, E-405); `failed`: it was tried and refused; `inactive`: see E-406. */
  outcome: "done" | "skipped" | "failed" | "inactive";
  /** What it was about: `ana`, `projects/p1`, `order-paid`. */
  about: string | null;
  /** The run that a trigger started, or had started. */
  workflow_run_id: string | null;
  /** Why it was not done. */
  error: string | null;
}

/** An event as it was logged. */
export interface SourceReceipt {
  id: string;
  source: string;
  /** Null where the event names none: nothing is then done with it. */
  event_type: string | null;
  /** ISO 8601: when it happened, and when it came in. */
  timestamp: string;
  received_at: string;
  user_id: string | null;
  idempotency_key: string | null;
  /** Seen before within 24 h: logged, without actions (E-386). */
  replayed: boolean;
  /** Why the whole event was not processed. */
  error: string | null;
  actions: ActionOutcome[];
}

export interface SourceView {
  key: string;
  name: string;
  mappings: { event_type: string; action_type: ActionType; active: boolean; about: string | null }[];
  /** What is wrong with its file; null where nothing is. */
  error: string | null;
}

/** What is known of an event before it is processed. */
export type NewSourceEvent = Omit<SourceReceipt, "actions" | "replayed">;

/** How long a key of a processed event is taken (E-386). */
export const SOURCE_KEY_LIFETIME_MS = 24 * 3_600_000;
/** How long an event in progress takes its key, in real time. Longer than any action: its process has died. */
export const SOURCE_LEASE_MS = 60_000;

/** A logged event with the same source, type and key. Times in milliseconds, `in_hand_until` in real time. */
export interface EarlierSourceEvent {
  state: "in_hand" | "done" | "failed" | "replay";
  at: number;
  in_hand_until: number;
}

/** Returns whether an earlier event makes the next one with its key a replay: it succeeded within 24 h, or is in progress (E-386). */
export function isReplayOf({ state, at, in_hand_until }: EarlierSourceEvent, now: number, realNow: number): boolean {
  if (at <= now - SOURCE_KEY_LIFETIME_MS) return false;
  return state === "done" || (state === "in_hand" && in_hand_until > realNow);
}
