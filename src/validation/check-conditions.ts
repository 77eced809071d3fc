import { COMPARISONS, findLiteral } from "../domain/condition/check-condition-argument.js";
import { ScopeChanges } from "../domain/step-types/scope-changes.js";
import { parsePathSegments, walkSteps } from "../domain/step-types/walk-steps.js";
import { hasLiquid } from "../domain/template/has-liquid.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import { describeTypeMismatch } from "../domain/validation/describe-type-mismatch.js";
import { findUndeclaredKey } from "../domain/validation/list-declared-properties.js";
import { type FoundObject, walkObjects } from "../domain/validation/walk-objects.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { findNearest } from "../util/find-nearest.js";
import { isJsonObject } from "../util/json.js";
import { findPropertySchema } from "./find-property-schema.js";

/** Keys below which other steps, or no conditions, are. */
const OTHER_PARTS = ["steps", "template"];

/** Returns the value that a condition requires, or null if it accepts several. Liquid and paths can have any value. */
function findRequiredValue({ operator, argument }: FoundObject["value"]): string | null {
  if (operator === "empty" || operator === "not_exists") return "no value";
  const literal = operator === "equal_to" ? findLiteral(argument) : undefined;
  return literal === undefined ? null : JSON.stringify(literal);
}

/** Returns a finding if two conditions that must both be true require different values of one variable. */
function findContradiction({ value, path }: FoundObject): CheckFinding[] {
  if (!Array.isArray(value.all)) return [];
  const required = new Map<unknown, string>();
  for (const condition of value.all) {
    if (!isJsonObject(condition)) continue;
    const wanted = findRequiredValue(condition);
    if (wanted === null) continue;
    const { variable } = condition;
    const other = required.get(variable) ?? wanted;
    required.set(variable, wanted);
    if (other === wanted || typeof variable !== "string") continue;
    const message = `are never true: ${variable} cannot be both ${other} and ${wanted}`;
    return [{ code: "impossible_condition", path: [...path, "all"], message }];
  }
  return [];
}

/** Returns a finding for a variable of a condition, or the path of a time, that the schema of the data does not declare. */
function findUndeclaredPaths(
  { value, path }: FoundObject,
  schema: Workflow["trigger_data_json_schema"],
  added: readonly string[],
): CheckFinding[] {
  return Object.entries(value).flatMap(([key, name]): CheckFinding[] => {
    if (typeof name !== "string" || !(key === "variable" || key.endsWith("_field_path"))) return [];
    if (!name.startsWith("data.") || hasLiquid(name)) return [];
    const [root, ...dataPath] = parsePathSegments(name);
    const found = added.includes(String(dataPath[0])) ? null : findUndeclaredKey(schema, dataPath);
    if (found === null) return [];
    const { index, declared } = found;
    const near = findNearest(String(dataPath[index]), index === 0 ? [...declared, ...added] : declared);
    const parents = [root, ...dataPath.slice(0, index)].join(".");
    const suggestion = near === undefined ? "" : `; did you mean "${parents}.${near}"?`;
    const message = `reads ${parents}.${String(dataPath[index])}, which is not declared in trigger_data_json_schema${suggestion}`;
    return [{ code: "undefined_variable", path: [...path, key], message }];
  });
}

/** Returns a finding if a condition compares a property of the data with a literal of another type. */
function findTypeMismatch({ value, path }: FoundObject, schema: Workflow["trigger_data_json_schema"]): CheckFinding[] {
  const { variable, operator, argument } = value;
  if (typeof variable !== "string" || !variable.startsWith("data.") || !COMPARISONS.includes(operator)) return [];
  const literal = findLiteral(argument);
  const type = findPropertySchema(variable, schema)?.type;
  const problem = literal === undefined ? null : describeTypeMismatch(type, literal);
  if (problem === null) return [];
  return [{ code: "type_mismatch", path: [...path, "argument"], message: `does not fit: ${variable} ${problem}` }];
}

/**
 * Returns findings about conditions that contradict each other, and about conditions and times of steps that use properties
 * which the schema of the data does not declare. Steps that change the data may add properties.
 */
export function checkConditions({ conditions, steps, trigger_data_json_schema: schema }: Workflow): CheckFinding[] {
  const changes = new ScopeChanges();
  const findings: CheckFinding[] = [];
  const check = (value: unknown, path: PropertyKey[]): void => {
    for (const found of walkObjects(value, path, OTHER_PARTS)) {
      findings.push(...findContradiction(found));
      const added = changes.listAdded("data");
      if (added?.length === 0) findings.push(...findTypeMismatch(found, schema));
      if (added !== null) findings.push(...findUndeclaredPaths(found, schema, added));
    }
  };
  check(conditions, ["conditions"]);
  for (const { step, path } of walkSteps(steps)) {
    check(step, parsePathSegments(path));
    changes.add(step);
  }
  return findings;
}
