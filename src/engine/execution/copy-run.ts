import type { RecipientRun } from "../../domain/run/workflow-run.js";

/** The run to go on from: what is recorded on the copy leaves the original as it was. */
export function copyRun(run: RecipientRun): RecipientRun {
  // Assigned: a literal with keys of its own after what it spreads takes V8 several times as long.
  const copy = { ...run };
  copy.steps = run.steps.map((step) => ({ ...step }));
  copy.events = [...run.events];
  return copy;
}
