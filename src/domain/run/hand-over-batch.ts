import { toIsoTime } from "../../util/iso-time.js";
import type { Step } from "../step/step.js";
import { isBatchStep } from "../step-types/batch-step.js";
import type { Workflow } from "../workflow/workflow.js";
import { findStep, findStepPath } from "./step-path.js";
import type { RecipientRun } from "./workflow-run.js";

/**
 * Returns whether a batch goes to the next item's run when the activity of the run that waits for it is canceled (EQ-44).
 */
export function shouldPassToNextItem(run: RecipientRun, version: Workflow): boolean {
  const step: Step | undefined = run.position === null ? undefined : findStep(version.steps, run.position);
  return isBatchStep(step) && step.settings.batch_execution_mode === "flush_leading";
}

/**
 * Returns a run that ended when it joined a batch as the run that now waits for its close. It waits at its batch step
 * (EQ-44).
 */
export function takeOverBatch(joined: RecipientRun, version: Workflow, closesAt: number, at: number): RecipientRun {
  const { ref, type } = joined.steps.at(-1) as RecipientRun["steps"][number];
  const until = toIsoTime(closesAt);
  return {
    ...joined,
    status: "paused",
    position: findStepPath(version.steps, ref),
    due_at: closesAt,
    steps: [...joined.steps.slice(0, -1), { ref, type, outcome: "waiting", reason: null, until }],
    events: [
      ...joined.events,
      {
        event: "run_paused",
        status: "ok",
        step_ref: ref,
        step_type: type,
        attempt: 1,
        data: { until, handed_over: true },
        at,
      },
    ],
    updated_at: at,
  };
}
