import type * as z from "zod/mini";
import type { actionOutcomeSchema, sourceReceiptSchema, sourceViewSchema } from "./source-receipt-schema.js";

/** The outcome of one mapping of an event (E-403, E-405, E-406). */
export type ActionOutcome = z.infer<typeof actionOutcomeSchema>;

/** An event as logged. */
export type SourceReceipt = z.infer<typeof sourceReceiptSchema>;

export type SourceView = z.infer<typeof sourceViewSchema>;

/** The fields of an event that are known before it is processed. */
export type NewSourceEvent = Omit<SourceReceipt, "actions" | "replayed">;

/** The time for which the key of a processed event is remembered (E-386). */
export const SOURCE_KEY_LIFETIME_MS = 24 * 3_600_000;
/**
 * The real time for which an event in progress keeps its key. It exceeds the duration of any action, so a process that
 * takes longer has ended.
 */
export const SOURCE_LEASE_MS = 60_000;

/** A logged event with the same source, type and key. Times are in milliseconds; `claim_until` is in real time. */
export interface EarlierSourceEvent {
  state: "processing" | "done" | "failed" | "replay";
  at: number;
  claim_until: number;
}

/**
 * Returns whether the next event with the key of an earlier one is a replay: the earlier event succeeded within 24 h or
 * is in progress (E-386).
 */
export function isReplay({ state, at, claim_until }: EarlierSourceEvent, now: number, realNow: number): boolean {
  if (at <= now - SOURCE_KEY_LIFETIME_MS) return false;
  return state === "done" || (state === "processing" && claim_until > realNow);
}
