import type { StepOutcome } from "../../domain/run/outcome.js";
import type { UpdateDataStep } from "../../domain/steps/update-data.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { unmetConditions } from "../advancing/step-conditions.js";
import { renderObject } from "../liquid/render-object.js";
import type { EngineStep } from "./engine-step.js";

/** Shallow: nested values are replaced whole, and the next step sees them (E-322, E-323). */
function executeUpdateData(step: UpdateDataStep, advancing: Advancing): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "update_data", outcome: "passed", reason: null };
  const unmet = unmetConditions(step, base, advancing);
  if (unmet) return unmet;
  const { run, input, scope } = advancing;
  const added = renderObject(step.settings.data, scope, "data");
  return { outcome: base, data: { ...(run.data ?? input.run.data), ...added } };
}

export const updateData: EngineStep<UpdateDataStep> = {
  execute: (step, _resumed, advancing) => executeUpdateData(step, advancing),
};
