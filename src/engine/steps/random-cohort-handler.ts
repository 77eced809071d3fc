import { splitRecipientKey } from "../../domain/recipient/recipient.js";
import type { RandomCohortStep } from "../../domain/step-types/random-cohort-step.js";
import { computeSha256Prefix } from "../../util/ids.js";
import { findStepKey } from "../execution/resolve-step-key.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import type { StepHandler } from "./step-handler.js";

const SLOT_COUNT = 1_000n;

/** Returns the slot of a key, 0 to 999, which is the same for every trigger (E-311, EQ-49). */
export function computeCohortSlot(workflow: string, ref: string, key: string): number {
  return Number(computeSha256Prefix(`${workflow}:${ref}:${key}`) % SLOT_COUNT);
}

/** Executes an experiment step: cohorts fill the slots in order of their percentages (section 19). */
function executeRandomCohort(step: RandomCohortStep, { input, scope, run }: RunExecution): StepEffect {
  const id = splitRecipientKey(run.recipient).id;
  const key = step.cohort_key === null ? id : (findStepKey(step.cohort_key, scope) ?? "");
  const slot = computeCohortSlot(input.compiled.workflow.key, step.ref, key);
  let end = 0;
  const chosen = step.cohort_branches.findIndex((branch) => {
    end += branch.percentage_tenths;
    return slot < end;
  });
  const name = step.cohort_branches[chosen]?.name ?? `cohort ${chosen + 1}`;
  return {
    outcome: { ref: step.ref, type: "random_cohort", outcome: "passed", reason: null, branch: name },
    branchIndex: chosen,
    log: { branch: name, slot },
  };
}

export const randomCohortHandler: StepHandler<RandomCohortStep> = {
  execute: (step, _resumed, execution) => executeRandomCohort(step, execution),
};
