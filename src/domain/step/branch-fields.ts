import * as z from "zod/mini";
import { conditionGroupSchema } from "../condition/condition-schema.js";
import { described, flag, listRule, optional, text } from "../schema/fields.js";
import type { Step, StepBranch } from "./step.js";

/** Returns the fields that branches and cohorts share. */
export const branchFields = (steps: z.ZodMiniType) => ({
  name: text("The display name."),
  ref: text("Written by the hosted service."),
  default: flag("Whether this is the branch for runs that meet no conditions. It must be the last (default: false)."),
  terminates: flag("Whether the run ends after the steps of the branch (default: false)."),
  conditions: described(
    optional(conditionGroupSchema()),
    "Conditions of the branch. If they are true, the branch is taken.",
  ),
  steps: described(optional(steps), "The steps of the branch."),
});

/** Returns a schema for lists of 2 to 10 branches or cohorts (E-309, E-313). */
export function branchListSchema<T extends z.ZodMiniType>(branch: T, label: string) {
  const error = `must be a list of 2 to 10 ${label}`;
  return z.array(branch, { error }).check(
    listRule((branches, report) => {
      if (branches.length < 2 || branches.length > 10) report([], error);
    }),
    z.meta({ minItems: 2, maxItems: 10 }),
  );
}

interface RawBranch {
  name?: string | null | undefined;
  terminates?: boolean | null | undefined;
  steps?: unknown;
}

/** Returns the properties that branches and cohorts share at run time. */
export function normalizeBranch(
  { name, terminates, steps }: RawBranch,
  normalize: (raw: unknown) => Step[],
): StepBranch {
  return { name: name ?? null, terminates: terminates === true, steps: normalize(steps ?? []) };
}
