import { EXIT } from "../../errors/knock-error.js";
import type { RecipientOutcome, TriggerOutcome } from "./outcome.js";

/** A recipient for whom something did not come out: never identified, stopped by an error, or with a failed step. */
export function hasFailed({ reason, steps }: RecipientOutcome): boolean {
  return (
    reason?.code === "recipient_not_found" ||
    reason?.code === "render_error" ||
    steps.some((step) => step.outcome === "failed")
  );
}

export type Verdict = "succeeded" | "partial" | "failed";

/** Skipped by condition or preference is success: a notify may rightly send nothing. */
export function getVerdict({ recipients }: TriggerOutcome): Verdict {
  const list = recipients ?? [];
  const failed = list.filter(hasFailed);
  if (failed.length === 0) return "succeeded";
  const anySent = failed.some(({ steps }) =>
    steps.some((step) => step.outcome === "sent" || step.outcome === "queued"),
  );
  return failed.length === list.length && !anySent ? "failed" : "partial";
}

/** Several outcomes as one: all alike, or partial. */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  const [first = "succeeded"] = verdicts;
  return verdicts.every((verdict) => verdict === first) ? first : "partial";
}

export const VERDICT_EXIT_CODES: Record<Verdict, number> = {
  succeeded: EXIT.success,
  partial: EXIT.partial,
  failed: EXIT.failure,
};
