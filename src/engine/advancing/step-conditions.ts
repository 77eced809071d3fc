import type { StepOutcome } from "../../domain/run/outcome.js";
import type { StepBase } from "../../domain/step/step.js";
import { decidingCondition } from "../condition/condition-log.js";
import type { Advancing, StepEffect } from "./advancing.js";

/** Null where the step's conditions let it execute; else it is skipped (E-098). */
export function unmetConditions(step: StepBase, base: StepOutcome, advancing: Advancing): StepEffect | null {
  const { passed, evaluated } = advancing.checkConditions(step.conditions);
  if (passed) return null;
  const reason = { code: "condition", detail: decidingCondition(evaluated) } as const;
  return { outcome: { ...base, outcome: "skipped", reason } };
}
