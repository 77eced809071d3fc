import type { StepOutcome } from "../../domain/run/outcome.js";
import type { UpdateDataStep } from "../../domain/step-types/update-data-step.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import { renderObject } from "../liquid/render-object.js";
import type { StepHandler } from "./step-handler.js";

/**
 * Merges data into the run's data. The merge is shallow: nested values are replaced, and the next step sees them
 * (E-322, E-323).
 */
function executeUpdateData(step: UpdateDataStep, execution: RunExecution): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "update_data", outcome: "passed", reason: null };
  const unmet = execution.skipByConditions(step, base);
  if (unmet) return unmet;
  const { run, input, scope } = execution;
  const added = renderObject(step.settings.data, scope, "data");
  return { outcome: base, data: { ...(run.data ?? input.run.data), ...added } };
}

export const updateDataHandler: StepHandler<UpdateDataStep> = {
  execute: (step, _resumed, execution) => executeUpdateData(step, execution),
};
