import type { Environment } from "../../domain/environment/environment.js";
import { listDeclaredProperties } from "../../domain/validation/list-declared-properties.js";
import type { JsonObject } from "../../util/json.js";
import type { RenderScope } from "../liquid/liquid.js";
import type { PathKey } from "../liquid/read-variables.js";
import {
  BUILT_IN_PROPERTIES,
  findMisspelledVariables,
  OPTIONAL_ROOTS,
  type StepVariable,
  type StepVariables,
} from "../variables/find-misspelled-variables.js";
import { ACTIVITY_PROPERTIES } from "../variables/scope-schema.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { analyzeVariables, buildSharedScope } from "./check-variables.js";

interface UndefinedVariable {
  read: StepVariable;
  message: string;
}

/** Returns whether a path below an activity names neither a property of activities nor of the declared data. */
function isUndeclaredInActivity([key, ...below]: readonly PathKey[], declared: readonly string[]): boolean {
  if (key === "data") {
    const [property] = below;
    return typeof property === "string" && !declared.includes(property) && !BUILT_IN_PROPERTIES.includes(property);
  }
  const known = [...declared, ...ACTIVITY_PROPERTIES, ...BUILT_IN_PROPERTIES];
  return typeof key === "string" && !known.includes(key);
}

function isUndeclared(
  { path, isGuarded }: StepVariable,
  { assignedNames, extensibleRoots }: StepVariables,
  scope: RenderScope,
  declared: readonly string[],
): boolean {
  const [root, key, ...below] = path;
  if (isGuarded || extensibleRoots.has("data") || typeof root !== "string") return false;
  if (root === "activities" && typeof key === "number") return isUndeclaredInActivity(below, declared);
  if (root === "data") return typeof key === "string" && !declared.includes(key);
  return (
    !Object.hasOwn(scope, root) &&
    !declared.includes(root) &&
    !assignedNames.has(root) &&
    !OPTIONAL_ROOTS.includes(root)
  );
}

/**
 * Returns the template variables of a workflow that are probably undefined in every run: those that are nearly the name of
 * a defined one, and those that the schema of the data does not declare. `recipients` are the properties of known users,
 * objects and tenants.
 */
export function findUndefinedVariables(
  compiled: CompiledWorkflow,
  environment: Environment,
  recipients: readonly JsonObject[],
): UndefinedVariable[] {
  if (!compiled.usesLiquid) return [];
  const schema = compiled.workflow.trigger_data_json_schema;
  const shared = buildSharedScope({ environment });
  const scopes: RenderScope[] = [
    shared,
    ...recipients.map((recipient) => ({
      ...shared,
      recipient,
      actor: recipient,
      tenant: recipient,
      actors: [recipient],
      activities: [{ actor: recipient, recipient }],
    })),
  ];
  const declared = listDeclaredProperties(schema);
  return analyzeVariables(compiled).steps.flatMap((step) => {
    const misspelled = findMisspelledVariables(step, scopes, schema)
      // Without declared properties, the variable may be a property of the data, such as the list of a loop.
      .filter(({ read, suggestion }) => {
        const [root = ""] = suggestion.split(".");
        return declared !== null || root === read.writtenPath[0] || !step.assignedNames.has(root);
      })
      .map(({ read, path, suggestion }) => ({
        read,
        message: `${path} is undefined; did you mean "${suggestion}"?`,
      }));
    const known = new Set(misspelled.map(({ read }) => read));
    const undeclared = step.variables.filter(
      (read) => declared !== null && !known.has(read) && isUndeclared(read, step, shared, declared),
    );
    return [
      ...misspelled,
      ...undeclared.map((read) => ({
        read,
        message: `${read.writtenPath.join(".")} is not declared in trigger_data_json_schema`,
      })),
    ];
  });
}
