import type { ForecastLimits } from "../../domain/forecast/forecast-builder.js";
import type { ForecastReport } from "../../domain/forecast/forecast-report-schema.js";
import type { TimedTrigger } from "../../domain/trigger/parse-timed-trigger.js";
import type { TargetFlags } from "../services.js";
import type { ReportService } from "./test-service.js";

/** The triggers of `knock forecast`, and the limits that are checked. */
export interface ForecastOptions {
  /** In order of time. */
  triggers: readonly TimedTrigger[];
  /** Milliseconds after the first trigger. */
  durationMs: number;
  limits: ForecastLimits;
}

export interface ForecastService extends Pick<ReportService, "writeReport"> {
  /** Runs triggers in a store in memory, and counts the messages. Throws `project_missing` and `workflow_missing`. */
  forecast(options: ForecastOptions, flags: TargetFlags, setProgress: (text: string) => void): Promise<ForecastReport>;
}
