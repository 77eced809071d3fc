import type { EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import type { BranchStep } from "../../domain/steps/branch.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { conditionLog } from "../condition/condition-log.js";
import { evaluateConditions } from "../condition/conditions.js";
import type { EngineStep } from "./engine-step.js";

/** A branch: the first whose conditions are true, else the default, which is last (E-306, E-307). */
function executeBranch(step: BranchStep, { conditionScope }: Advancing): StepEffect {
  const evaluated: EvaluatedCondition[] = [];
  const chosen = step.branches.findIndex((branch) => {
    if (branch.default) return true;
    const result = evaluateConditions(branch.conditions, conditionScope);
    evaluated.push(...result.evaluated);
    return result.passed;
  });
  const branch = step.branches[chosen];
  const name = branch?.name ?? (branch?.default ? "default" : `branch ${chosen + 1}`);
  return {
    outcome: { ref: step.ref, type: "branch", outcome: "passed", reason: null, branch: name },
    enter: chosen,
    log: { branch: name, conditions: conditionLog(evaluated) },
  };
}

export const branch: EngineStep<BranchStep> = {
  execute: (step, _resumed, advancing) => executeBranch(step, advancing),
};
