import { COMPARISONS, findLiteral } from "../../domain/condition/check-condition-argument.js";
import { formatPointer } from "../../domain/findings/describe-finding.js";
import { parseStepKeyPath } from "../../domain/step/step-key.js";
import { ScopeChanges } from "../../domain/step-types/scope-changes.js";
import { getStepDefinition } from "../../domain/step-types/step-definitions.js";
import { parsePathSegments, walkSteps } from "../../domain/step-types/walk-steps.js";
import { hasLiquid } from "../../domain/template/has-liquid.js";
import { walkObjects } from "../../domain/validation/walk-objects.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { getValueAtPath, toPointer } from "../../util/json.js";
import { parseText } from "../liquid/liquid.js";
import { collectTextVariables, type StepVariable, type StepVariables } from "./find-misspelled-variables.js";

/** Roots of conditions that are checked here. The data of conditions is compared with the schema, and the refs with the steps. */
const CONDITION_ROOTS = ["recipient", "actor", "tenant", "vars", "workflow", "run"];

/** Returns a variable that is a whole value, so that it has no position in a text. */
const toVariable = (path: string[], fieldPath: string, isGuarded: boolean): StepVariable => {
  return { path, writtenPath: path, isGuarded, line: 0, column: 0, fieldPath, file: undefined };
};

/** Returns the variables of a key of a batch, throttle or experiment: a path, or Liquid. */
const readKeyVariables = (key: string, fieldPath: string): StepVariable[] =>
  hasLiquid(key)
    ? collectTextVariables([[key, fieldPath]], { parse: parseText, findFile: () => undefined }).variables
    : [toVariable(parseStepKeyPath(key), fieldPath, false)];

/** Returns the variables of the conditions in a step or workflow. A condition can be about a missing value. */
const readConditionVariables = (value: unknown, path: string): StepVariable[] =>
  [...walkObjects(value, parsePathSegments(path), ["steps", "template"])].flatMap(({ value: found, path: at }) => {
    const { variable, operator, argument } = found;
    if (typeof variable !== "string" || hasLiquid(variable)) return [];
    const parts = variable.split(".");
    const fieldPath = formatPointer(toPointer([...at, "variable"]));
    const comparedWith = COMPARISONS.includes(operator) ? findLiteral(argument) : undefined;
    return CONDITION_ROOTS.includes(parts[0] ?? "")
      ? [{ ...toVariable(parts, fieldPath, true), ...(comparedWith !== undefined && { comparedWith }) }]
      : [];
  });

/** Collects the variables that a workflow's conditions, and the keys of its batches, throttles and experiments read. */
export function collectPathVariables({ conditions, steps }: Workflow): StepVariables[] {
  const changes = new ScopeChanges();
  const toStep = (ref: string, variables: StepVariable[]): StepVariables => ({
    ref,
    variables,
    assignedNames: new Set(),
    extensibleRoots: new Set(changes.listOpenRoots()),
    addedData: changes.listAdded("data") ?? [],
  });
  const found = [toStep("", readConditionVariables(conditions, "conditions"))];
  for (const { step, path } of walkSteps(steps)) {
    const { keyPath } = getStepDefinition(step);
    const key = keyPath === undefined ? undefined : getValueAtPath(step, keyPath.split("."));
    found.push(toStep(step.ref, readConditionVariables(step, path)));
    if (typeof key === "string") found.push(toStep(step.ref, readKeyVariables(key, `${path}.${keyPath}`)));
    changes.add(step);
  }
  return found;
}
