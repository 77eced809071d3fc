import { parseTimestamp } from "../domain/condition/parse-timestamp.js";
import type { StepOutcome } from "../domain/run/outcome.js";
import type { MessageFilter } from "./expectation-schema.js";
import type { ObservedRun } from "./observed.js";

/** A step that decided whether an expectation is met. Null: the run stopped before its first step. */
export interface DecidingStep {
  run: ObservedRun;
  step: StepOutcome | null;
}

/** An expectation that was not met. */
export interface ExpectationFailure {
  /** The path of the expectation below `expect`. */
  path: (string | number)[];
  /** The compared value, such as `ada email_1` or `subject of email_1 to ada`. */
  subject: string;
  expected: string;
  found: string;
  /** The recipient run and the step that the expectation is about, if there is one, which must have this step. */
  about?: { recipient_run_id: string; step: string };
  /** The filter that selected too few messages. */
  missing?: MessageFilter;
  /** The IDs of messages that are not as expected. */
  messages?: readonly string[];
  /** The steps that decided it. */
  causes?: readonly DecidingStep[];
}

export type AddFailure = (failure: ExpectationFailure) => void;

export function isSameTime(a: string, b: string | null | undefined): boolean {
  return typeof b === "string" && parseTimestamp(a) === parseTimestamp(b);
}
