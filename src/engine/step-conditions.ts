import type { StepOutcome } from "../domain/outcome.js";
import type { StepBase } from "../domain/step-types.js";
import type { Advancing, StepEffect } from "./advancing.js";
import { decidingCondition } from "./condition-log.js";

/** Null where the step's conditions let it execute; else it is skipped (E-098). */
export function unmetConditions(step: StepBase, base: StepOutcome, advancing: Advancing): StepEffect | null {
  const { passed, evaluated } = advancing.checkConditions(step.conditions);
  if (passed) return null;
  const reason = { code: "condition", detail: decidingCondition(evaluated) } as const;
  return { outcome: { ...base, outcome: "skipped", reason } };
}
