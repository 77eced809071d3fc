import type { EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import type { BranchStep } from "../../domain/step-types/branch-step.js";
import { evaluateConditions, toConditionLog } from "../condition/evaluate-conditions.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import type { StepHandler } from "./step-handler.js";

/**
 * Executes a branch step: enters the first branch whose conditions are true, otherwise the default, which is the last
 * (E-306, E-307).
 */
function executeBranch(step: BranchStep, { conditionScope }: RunExecution): StepEffect {
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
    branchIndex: chosen,
    log: { branch: name, conditions: toConditionLog(evaluated) },
  };
}

export const branchHandler: StepHandler<BranchStep> = {
  execute: (step, _resumed, execution) => executeBranch(step, execution),
};
