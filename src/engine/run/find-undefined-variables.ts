import type { Environment } from "../../domain/environment/environment.js";
import { listDeclaredProperties } from "../../domain/validation/list-declared-properties.js";
import type { JsonObject } from "../../util/json.js";
import { buildWorkflowView } from "../context/build-scope.js";
import type { RenderScope } from "../liquid/liquid.js";
import type { PathKey } from "../liquid/read-variables.js";
import {
  BUILT_IN_PROPERTIES,
  CLOSED_ROOTS,
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

/** Returns the known keys of a scope such as `workflow`, if a variable has another one; null for other variables. */
function findKnownKeys(
  { path: [root, key], isGuarded }: StepVariable,
  { assignedNames }: StepVariables,
  scope: RenderScope,
): string[] | null {
  if (isGuarded || typeof root !== "string" || !CLOSED_ROOTS.has(root) || assignedNames.has(root)) return null;
  const keys = Object.keys(scope[root] as JsonObject);
  return typeof key !== "string" || [...keys, ...BUILT_IN_PROPERTIES].includes(key) ? null : keys;
}

/**
 * Returns the template variables of a workflow that are probably undefined in every run: those that are nearly the name of
 * a defined one, unknown keys of scopes whose keys are all known, and those that the schema of the data does not declare. `recipients` are the properties of known users,
 * objects and tenants.
 */
export function findUndefinedVariables(
  compiled: CompiledWorkflow,
  environment: Environment,
  recipients: readonly JsonObject[],
): UndefinedVariable[] {
  if (!compiled.usesLiquid) return [];
  const schema = compiled.workflow.trigger_data_json_schema;
  const shared = { ...buildSharedScope({ environment }), workflow: buildWorkflowView(compiled.workflow, null) };
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
    const unknown = step.variables.flatMap((read) => {
      const keys = findKnownKeys(read, step, shared);
      if (keys === null || misspelled.some((found) => found.read === read)) return [];
      const message = `${read.writtenPath.join(".")} is undefined; ${read.path[0]} has ${keys.join(", ")}`;
      return [{ read, message }];
    });
    const known = new Set([...misspelled, ...unknown].map(({ read }) => read));
    const undeclared = step.variables.filter(
      (read) => declared !== null && !known.has(read) && isUndeclared(read, step, shared, declared),
    );
    return [
      ...misspelled,
      ...unknown,
      ...undeclared.map((read) => ({
        read,
        message: `${read.writtenPath.join(".")} is not declared in trigger_data_json_schema`,
      })),
    ];
  });
}
