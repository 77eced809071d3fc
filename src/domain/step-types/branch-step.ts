import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import type { ConditionGroup } from "../condition/condition.js";
import { countConditions, normalizeConditionGroup, parseConditionGroup } from "../condition/parse-conditions.js";
import { described } from "../schema/fields.js";
import { branchFields, branchListSchema, normalizeBranch } from "../step/branch-fields.js";
import type { Step, StepBase, StepBranch } from "../step/step.js";
import { defineStep, type RawStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";

/** Returns the schema of the step (F-044, E-307 to E-309). */
const schema = (steps: z.ZodMiniType) =>
  z.strictObject({
    ...stepFields("branch"),
    branches: described(
      branchListSchema(z.strictObject(branchFields(steps)), "branches, the default included"),
      "The run takes the first branch whose conditions are true, or else the last.",
    ),
  });

interface Branch extends StepBranch {
  default: boolean;
  conditions: ConditionGroup | null;
}

/** A branch step. Its last branch is the default (E-307). */
export interface BranchStep extends StepBase {
  type: "branch";
  branches: Branch[];
}

declare module "../step/step.js" {
  interface StepTypes {
    branch: BranchStep;
  }
}

function normalize({ branches }: RawStep<typeof schema>, base: StepBase, steps: (raw: unknown) => Step[]): BranchStep {
  return {
    ...base,
    conditions: null,
    type: "branch",
    branches: branches.map((branch, index) => {
      const isDefault = index === branches.length - 1;
      const conditions = normalizeConditionGroup(branch.conditions as ConditionGroup | null | undefined);
      return { ...normalizeBranch(branch, steps), default: isDefault, conditions };
    }),
  };
}

export const branchStep = defineStep({
  label: "a branch",
  schema,
  normalize,
  check(raw, report, context) {
    const ignore = (): void => {};
    if (countConditions(parseConditionGroup(raw.conditions, [], context, ignore)) > 0)
      report(["conditions"], "a branch step has no conditions of its own");
    const { branches } = raw;
    if (!Array.isArray(branches)) return;
    const defaultIndex = branches.findIndex((item) => isJsonObject(item) && item.default === true);
    if (defaultIndex !== -1 && defaultIndex !== branches.length - 1)
      report(["branches", defaultIndex], "the default branch must be last");
    for (const [index, item] of branches.entries()) {
      if (!isJsonObject(item)) continue;
      const path = ["branches", index, "conditions"];
      const count = countConditions(parseConditionGroup(item.conditions, path, context, report));
      const isDefault = index === branches.length - 1;
      if (isDefault && count > 0) report(path, "the last branch is the default and has no conditions");
      if (!isDefault && count === 0) report(path, "needs at least one condition");
    }
  },
  branchesField: "branches",
  branches: (step) => step.branches,
  describeBranch: ({ branches }, index) => ({
    noun: "branch",
    share: null,
    isDefault: index === branches.length - 1,
    conditions: branches[index]?.conditions ?? null,
  }),
  isAllowedInBroadcasts: true,
});
