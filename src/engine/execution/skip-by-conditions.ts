import type { StepOutcome } from "../../domain/run/outcome.js";
import type { StepBase } from "../../domain/step/step.js";
import { describeDecidingCondition } from "../condition/condition-log.js";
import type { RunExecution } from "./run-execution.js";
import type { StepEffect } from "./step-effect.js";

/** Returns the effect of a skipped step if its conditions are false, otherwise null (E-098). */
export function skipByConditions(step: StepBase, base: StepOutcome, execution: RunExecution): StepEffect | null {
  const { passed, evaluated } = execution.checkConditions(step.conditions);
  if (passed) return null;
  const reason = { code: "condition", detail: describeDecidingCondition(evaluated) } as const;
  return { outcome: { ...base, outcome: "skipped", reason } };
}
