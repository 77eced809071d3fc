import type { ActionType } from "./source.js";

/** The outcome of one mapping of an event. */
export interface ActionOutcome {
  action_type: ActionType;
  /**
   * `skipped`: the event lacks a required value (E-403, E-405). `failed`: the action was tried and rejected.
   * `inactive`: see E-406.
   */
  outcome: "done" | "skipped" | "failed" | "inactive";
  /** The subject of the action, such as `ana`, `projects/p1` or `order-paid`. */
  about: string | null;
  /** The run that a trigger started; otherwise null. */
  workflow_run_id: string | null;
  /** The reason if the action was not done, else null. */
  error: string | null;
}

/** An event as logged. */
export interface SourceReceipt {
  id: string;
  source: string;
  /** The event's type; null if the event does not contain one. Then it has no actions. */
  event_type: string | null;
  /** When the event happened and when it was received, in ISO 8601. */
  timestamp: string;
  received_at: string;
  user_id: string | null;
  idempotency_key: string | null;
  /** Whether an event with the same key was received within 24 h. Such an event is logged without actions (E-386). */
  replayed: boolean;
  /** The reason if the whole event was not processed, else null. */
  error: string | null;
  actions: ActionOutcome[];
}

export interface SourceView {
  key: string;
  name: string;
  mappings: { event_type: string; action_type: ActionType; active: boolean; about: string | null }[];
  /** The error in its file, or null. */
  error: string | null;
}

/** The fields of an event that are known before it is processed. */
export type NewSourceEvent = Omit<SourceReceipt, "actions" | "replayed">;

/** How long the key of a processed event is remembered (E-386). */
export const SOURCE_KEY_LIFETIME_MS = 24 * 3_600_000;
/**
 * How long an event in progress holds its key, in real time. It exceeds the duration of any action, so that after it
 * the process must have died.
 */
export const SOURCE_LEASE_MS = 60_000;

/** A logged event with the same source, type and key. Times are in milliseconds; `in_hand_until` is in real time. */
export interface EarlierSourceEvent {
  state: "in_hand" | "done" | "failed" | "replay";
  at: number;
  in_hand_until: number;
}

/**
 * Returns whether the next event with the key of an earlier one is a replay: the earlier event succeeded within 24 h or
 * is in progress (E-386).
 */
export function isReplayOf({ state, at, in_hand_until }: EarlierSourceEvent, now: number, realNow: number): boolean {
  if (at <= now - SOURCE_KEY_LIFETIME_MS) return false;
  return state === "done" || (state === "in_hand" && in_hand_until > realNow);
}
