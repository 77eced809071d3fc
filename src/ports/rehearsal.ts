import type { Message } from "../domain/message/message.js";
import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { RecipientOutcome } from "../domain/run/outcome.js";
import type { JsonObject } from "../util/json.js";

/** A run of a trigger that was only tried in memory. */
export interface RehearsedRun {
  recipient: RecipientKey;
  outcome: RecipientOutcome;
  messages: readonly Message[];
  /** When the open batch of the store that the run would join closes, in milliseconds; null if it joins none. */
  joinedUntil: number | null;
  /** Returns the run as `readRecipientRun` would: with what decided each step. */
  readDocument(): JsonObject;
}

export interface RehearsalOptions {
  /** The time of the trigger in milliseconds; null for the time of the store. */
  at: number | null;
  /** Whether the data must match the workflow's schema. */
  isDataRequired: boolean;
  /** Whether messages of more than the first 500 runs have contents. */
  rendersAll: boolean;
  signal?: AbortSignal;
  /** Receives up to 500 runs, and the recipients that were never identified and therefore have none. */
  onRuns(runs: readonly RehearsedRun[], unidentified: readonly RecipientKey[]): void;
}
