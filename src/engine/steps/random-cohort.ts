import { splitKey } from "../../domain/recipient/recipient.js";
import type { RandomCohortStep } from "../../domain/steps/random-cohort.js";
import { sha256Prefix } from "../../util/ids.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { stepKeyOrNothing } from "../advancing/step-key.js";
import type { EngineStep } from "./engine-step.js";

const SLOTS = 1_000n;

/** The slot of a key, 0 to 999, the same on every trigger (E-311, EQ-49). */
export function cohortSlot(workflow: string, ref: string, key: string): number {
  return Number(sha256Prefix(`${workflow}:${ref}:${key}`) % SLOTS);
}

/** An experiment: cohorts fill the slots in order of their shares (section 19). */
function executeRandomCohort(step: RandomCohortStep, { input, scope, run }: Advancing): StepEffect {
  const id = splitKey(run.recipient).id;
  const key = step.cohort_key === null ? id : (stepKeyOrNothing(step.cohort_key, scope) ?? "");
  const slot = cohortSlot(input.compiled.workflow.key, step.ref, key);
  let end = 0;
  const chosen = step.cohort_branches.findIndex((branch) => {
    end += branch.percentage_tenths;
    return slot < end;
  });
  const name = step.cohort_branches[chosen]?.name ?? `cohort ${chosen + 1}`;
  return {
    outcome: { ref: step.ref, type: "random_cohort", outcome: "passed", reason: null, branch: name },
    enter: chosen,
    log: { branch: name, slot },
  };
}

export const randomCohort: EngineStep<RandomCohortStep> = {
  execute: (step, _resumed, advancing) => executeRandomCohort(step, advancing),
};
