import { isJsonObject, type JsonObject } from "../../util/json.js";
import { countConditions, parseConditionGroup } from "../condition/parse-conditions.js";
import { flag, optional } from "../shape/shape.js";
import { checked, type StepContext } from "../step/step-context.js";
import { maybeText } from "../step/step-shapes.js";
import type { StepBase } from "../step/step-types.js";
import type { Branch, BranchStep, CohortBranch, RandomCohortStep, Step } from "./workflow.js";

const MAX_DEPTH = 5;

/** Parses the steps inside a branch; handed in, as it leads back here. */
export type NestedSteps = (raw: unknown, path: PropertyKey[], context: StepContext) => Step[];

export type NestingStepParser<S> = (
  raw: JsonObject,
  base: StepBase,
  path: PropertyKey[],
  context: StepContext,
  nested: NestedSteps,
) => S | null;

/** The list of branches, where there are 2 to 10 and they do not nest too deep (E-309, E-313). */
function branchList(
  value: unknown,
  at: PropertyKey[],
  what: string,
  { depth, complain }: StepContext,
): unknown[] | null {
  if (depth > MAX_DEPTH) {
    complain(at.slice(0, -1), `branches may nest at most ${MAX_DEPTH} deep`);
    return null;
  }
  if (!Array.isArray(value) || value.length < 2 || value.length > 10) {
    complain(at, `must be a list of 2 to 10 ${what}`);
    return null;
  }
  return value;
}

/** What branches and cohorts share. */
function parseBranchFields(
  item: JsonObject,
  here: PropertyKey[],
  context: StepContext,
  nested: NestedSteps,
): { name: string | null; terminates: boolean; steps: Step[] } {
  const { name, terminates } = item;
  if (terminates !== undefined && terminates !== null && typeof terminates !== "boolean")
    context.complain([...here, "terminates"], "must be true or false");
  for (const field of ["name", "ref"]) checked(maybeText, item[field], [...here, field], context.complain);
  checked(optional(flag), item.default, [...here, "default"], context.complain);
  return {
    name: typeof name === "string" ? name : null,
    terminates: terminates === true,
    steps: nested(item.steps ?? [], [...here, "steps"], { ...context, depth: context.depth + 1 }),
  };
}

/** F-044, E-307 to E-309. */
export const parseBranchStep: NestingStepParser<BranchStep> = (raw, base, path, context, nested) => {
  const { complain } = context;
  if (countConditions(base.conditions) > 0)
    complain([...path, "conditions"], "a branch step has no conditions of its own");
  const list = branchList(raw.branches, [...path, "branches"], "branches, the default included", context);
  if (list === null) return null;
  const marked = list.findIndex((branch) => isJsonObject(branch) && branch.default === true);
  if (marked !== -1 && marked !== list.length - 1)
    complain([...path, "branches", marked], "the default branch must be last");
  const branches = list.flatMap((item, index): Branch[] => {
    const here = [...path, "branches", index];
    if (!isJsonObject(item)) {
      complain(here, "must be an object");
      return [];
    }
    const isDefault = index === list.length - 1;
    const conditions = parseConditionGroup(item.conditions, [...here, "conditions"], context, complain);
    if (isDefault && countConditions(conditions) > 0)
      complain([...here, "conditions"], "the last branch is the default and has no conditions");
    if (!isDefault && countConditions(conditions) === 0)
      complain([...here, "conditions"], "needs at least one condition");
    return [{ ...parseBranchFields(item, here, context, nested), default: isDefault, conditions }];
  });
  return { ...base, conditions: null, type: "branch", branches };
};

/** Tenths of a percent of a number or of decimal text, which is what files from the server hold; null for neither. */
function tenthsOf(percentage: unknown): number | null {
  const isText = typeof percentage === "string" && /^\d+(\.\d+)?$/.test(percentage);
  const value = isText ? Number(percentage) : percentage;
  if (typeof value !== "number" || !(value >= 0 && value <= 100)) return null;
  const tenths = Math.round(value * 10);
  return tenths / 10 === value ? tenths : null;
}

/** F-045, E-312, E-313. */
export const parseRandomCohortStep: NestingStepParser<RandomCohortStep> = (raw, base, path, context, nested) => {
  const { complain } = context;
  const { cohort_key: cohortKey } = raw;
  if (cohortKey !== undefined && cohortKey !== null && typeof cohortKey !== "string")
    complain([...path, "cohort_key"], "must be a string (a path or a template)");
  const list = branchList(raw.cohort_branches, [...path, "cohort_branches"], "cohorts", context);
  if (list === null) return null;
  let allKnown = true;
  const branches = list.flatMap((item, index): CohortBranch[] => {
    const here = [...path, "cohort_branches", index];
    const tenths = isJsonObject(item) ? tenthsOf(item.percentage) : null;
    if (tenths === null) allKnown = false;
    if (!isJsonObject(item)) {
      complain(here, "must be an object");
      return [];
    }
    if (tenths === null) complain([...here, "percentage"], "must be from 0 to 100, with at most one decimal");
    return [{ ...parseBranchFields(item, here, context, nested), percentage_tenths: tenths ?? 0 }];
  });
  const sum = branches.reduce((total, branch) => total + branch.percentage_tenths, 0);
  if (allKnown && sum !== 1000)
    complain([...path, "cohort_branches"], `the percentages must sum to 100, found ${sum / 10}`);
  return {
    ...base,
    conditions: null,
    type: "random_cohort",
    cohort_key: (typeof cohortKey === "string" ? cohortKey : "") || null,
    cohort_branches: branches,
  };
};
