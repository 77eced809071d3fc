import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { conditionGroupSchema } from "../condition/condition-schema.js";
import { described, flag, optional, rule } from "../schema/fields.js";
import { branchFields, branchListSchema, normalizeBranch } from "../step/branch-fields.js";
import type { Step, StepBase, StepBranch } from "../step/step.js";
import { defineStep, type RawStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";

/** Describes the properties that a cohort has because branches have them. */
const NO_EFFECT = "Has no effect: the percentages decide.";
const PERCENTAGE = "must be from 0 to 100, with at most one decimal";

/**
 * Returns the tenths of a percent for a number or for decimal text, which the service's files contain, or null for any
 * other value.
 */
function parseTenths(percentage: unknown): number | null {
  const isText = typeof percentage === "string" && /^\d+(\.\d+)?$/.test(percentage);
  const value = isText ? Number(percentage) : percentage;
  if (typeof value !== "number" || !(value >= 0 && value <= 100)) return null;
  const tenths = Math.round(value * 10);
  return tenths / 10 === value ? tenths : null;
}

/** Returns the schema of the step (F-045, E-312, E-313). */
const schema = (steps: z.ZodMiniType) => {
  const percentage = z
    .union([z.number(), z.string()], { error: PERCENTAGE })
    .check(z.refine((value) => parseTenths(value) !== null, { error: PERCENTAGE }));
  const cohort = z.strictObject({
    percentage: described(percentage, "The share of runs in percent, with at most one decimal."),
    ...branchFields(steps),
    default: flag("Has no effect: the percentages decide (default: false)."),
    conditions: described(optional(conditionGroupSchema()), NO_EFFECT),
  });
  return z
    .strictObject({
      ...stepFields("random_cohort"),
      // The format has no conditions for experiments. They are ignored, even if they are invalid.
      conditions: described(z.optional(z.unknown()), "Has no effect: an experiment has no conditions."),
      cohort_key: described(
        optional(z.string({ error: "must be a string (a path or a template)" })),
        "Runs with the same value get the same cohort (default: the ID of the recipient).",
        "recipient.account_id",
      ),
      cohort_branches: described(branchListSchema(cohort, "cohorts"), "The cohorts. Their percentages sum to 100."),
    })
    .check(
      rule(({ cohort_branches: cohorts }, report) => {
        if (!Array.isArray(cohorts) || cohorts.length < 2 || cohorts.length > 10) return;
        const shares = cohorts.map((item: unknown) => (isJsonObject(item) ? parseTenths(item.percentage) : null));
        const sum = shares.reduce<number>((total, share) => total + (share ?? 0), 0);
        if (!shares.includes(null) && sum !== 1000)
          report(["cohort_branches"], `the percentages must sum to 100, found ${sum / 10}`);
      }),
    );
};

interface CohortBranch extends StepBranch {
  /**
   * The share of the cohort in tenths of a percent, from 0 to 1000. The shares of a step sum to 1000 (E-312, E-313).
   */
  percentage_tenths: number;
}

/** A random cohort step. Its `conditions` are always null, because the format has none for it. */
export interface RandomCohortStep extends StepBase {
  type: "random_cohort";
  /** A path or Liquid; null means the recipient's ID (E-311). */
  cohort_key: string | null;
  cohort_branches: CohortBranch[];
}

declare module "../step/step.js" {
  interface StepTypes {
    random_cohort: RandomCohortStep;
  }
}

function normalize(
  { cohort_key, cohort_branches }: RawStep<typeof schema>,
  base: StepBase,
  steps: (raw: unknown) => Step[],
): RandomCohortStep {
  return {
    ...base,
    conditions: null,
    type: "random_cohort",
    cohort_key: cohort_key || null,
    cohort_branches: cohort_branches.map((cohort) => ({
      ...normalizeBranch(cohort, steps),
      percentage_tenths: parseTenths(cohort.percentage) ?? 0,
    })),
  };
}

const hasContent = (conditions: unknown): boolean => isJsonObject(conditions) && Object.keys(conditions).length > 0;

/** Returns whether a step type chooses a branch by chance. */
export const isRandomCohortType = (type: string): boolean => type === "random_cohort";

export const randomCohortStep = defineStep({
  label: "a random_cohort",
  schema,
  ignoresConditions: true,
  normalize,
  warn({ conditions, cohort_branches: cohorts }, warn) {
    if (hasContent(conditions)) warn(["conditions"], "has no effect: an experiment has no conditions");
    for (const [index, cohort] of (Array.isArray(cohorts) ? cohorts : []).entries())
      if (isJsonObject(cohort) && hasContent(cohort.conditions))
        warn(["cohort_branches", index, "conditions"], "has no effect: the percentages decide");
  },
  keyPath: "cohort_key",
  branchesField: "cohort_branches",
  branches: (step) => step.cohort_branches,
  describeBranch: ({ cohort_branches: cohorts }, index) => ({
    noun: "cohort",
    share: `${(cohorts[index]?.percentage_tenths ?? 0) / 10} %`,
    isDefault: false,
    conditions: null,
  }),
  isAllowedInBroadcasts: true,
});
