import type { ReplayRange } from "../../domain/replay/recorded-history.js";
import type { ReplayReport } from "../../domain/replay/replay-report.js";
import type { TimedTrigger } from "../../domain/trigger/parse-timed-trigger.js";
import type { TargetFlags } from "../services.js";
import type { ReportService } from "./test-service.js";

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

export interface ReplayService extends Pick<ReportService, "writeReport"> {
  /** Runs past triggers against the project's files, and compares the messages. Throws `project_missing`. */
  replay(options: ReplayOptions, flags: TargetFlags, setProgress: (text: string) => void): Promise<ReplayReport>;
}
