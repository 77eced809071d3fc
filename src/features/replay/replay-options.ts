import type { TimedTrigger } from "../../comparison/parse-timed-trigger.js";
import type { ReplayRange } from "../../comparison/recorded-history.js";

/** Which triggers `knock replay` runs, and how the messages are compared. */
export interface ReplayOptions {
  /** The triggers of a file; null for those of the target. */
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
