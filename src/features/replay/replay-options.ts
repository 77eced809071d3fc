import type { TimedTrigger } from "../../comparison/parse-timed-trigger.js";
import type { ReplayRange } from "../../comparison/recorded-history.js";

/** The options of `knock replay`: the triggers to run, and how to compare the messages. */
export interface ReplayOptions {
  /** The triggers of a file; null for the target's triggers. */
  file: { name: string; triggers: readonly TimedTrigger[] } | null;
  /** A folder or git revision to compare with; null compares with the messages that were sent. */
  against: string | null;
  range: ReplayRange;
  /** Milliseconds before now that replace `since`, or null. */
  last: number | null;
  /** Limits the recipient runs that are read from an account; null for the default. */
  limit: number | null;
  /** Whether a report on an account contains personal data in place of pseudonyms. */
  keepsPersonalData: boolean;
  /** Milliseconds by which the times of two equal messages may differ. */
  tolerance: number;
  /** Whether contents are compared, or only which messages are sent. */
  comparesContent: boolean;
}
