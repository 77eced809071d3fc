import type { RecipientRun } from "../domain/workflow-run.js";

/** The run to go on from: what is recorded on the copy leaves the original as it was. */
export function copyRun(run: RecipientRun): RecipientRun {
  return { ...run, steps: run.steps.map((step) => ({ ...step })), events: [...run.events] };
}
