import { EXIT } from "../../errors/error-codes.js";
import type { RecipientOutcome, TriggerOutcome } from "./outcome.js";

/** Returns whether a recipient was never identified, was stopped by an error, or has a failed step. */
export function hasFailed({ reason, steps }: RecipientOutcome): boolean {
  return (
    reason?.code === "recipient_not_found" ||
    reason?.code === "render_error" ||
    steps.some((step) => step.outcome === "failed")
  );
}

export type Verdict = "succeeded" | "partial" | "failed";

/**
 * Returns the verdict about a trigger. Steps skipped by conditions or preferences count as success, because a trigger
 * need not send anything.
 */
export function getVerdict({ recipients }: TriggerOutcome): Verdict {
  const list = recipients ?? [];
  const failed = list.filter(hasFailed);
  if (failed.length === 0) return "succeeded";
  const anySent = failed.some(({ steps }) =>
    steps.some((step) => step.outcome === "sent" || step.outcome === "queued"),
  );
  return failed.length === list.length && !anySent ? "failed" : "partial";
}

/** Returns the verdict that all outcomes share, or "partial" if they differ. */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  const [first = "succeeded"] = verdicts;
  return verdicts.every((verdict) => verdict === first) ? first : "partial";
}

export const VERDICT_EXIT_CODES: Record<Verdict, number> = {
  succeeded: EXIT.success,
  partial: EXIT.partial,
  failed: EXIT.failure,
};
