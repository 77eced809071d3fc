import type { Reason } from "../../domain/run/outcome.js";
import type { RecipientRun } from "../../domain/run/workflow-run.js";
import { redactJson, redactText } from "../../util/redact-secrets.js";

function redactReason<T extends Reason | null>(reason: T, secrets: readonly string[]): T {
  if (reason === null || reason.detail === null) return reason;
  return { ...reason, detail: redactText(reason.detail, secrets) };
}

/** Replaces the values of secret variables in a run's reasons and events. The run's data stays unchanged. */
export function redactRun(run: RecipientRun, secrets: readonly string[]): void {
  if (secrets.length === 0) return;
  run.reason = redactReason(run.reason, secrets);
  run.steps = run.steps.map((step) => ({ ...step, reason: redactReason(step.reason, secrets) }));
  run.events = run.events.map((event) =>
    event.data === null ? event : { ...event, data: redactJson(event.data, secrets) },
  );
}
