import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { RenderScope } from "../liquid/liquid.js";
import {
  type DataSchema,
  getSchemasBelow,
  isOptional,
  type StepVariable,
  type StepVariables,
} from "./find-misspelled-variables.js";
import { buildScopeSchema } from "./scope-schema.js";

/** Returns whether a variable can be misspelled. Those that the schema, the environment or the API defines are not. */
function isSuspicious(read: StepVariable, known: RenderScope, schema: DataSchema): boolean {
  let values: unknown[] = [known];
  let schemas: JsonObject[] = [buildScopeSchema(schema)];
  for (const [index, key] of read.path.entries()) {
    if (typeof key !== "number" && isOptional(read.path, index)) return false;
    const below = getSchemasBelow(schemas, key);
    if (below === null) return false;
    values = values.flatMap((value) => (isJsonObject(value) && Object.hasOwn(value, key) ? [value[key]] : []));
    schemas = below;
    if (values.length === 0 && schemas.length === 0) return true;
  }
  return false;
}

/** Returns the steps with the variables to check in a run's scope. `known` is the part of the scope that all runs share. */
export function findSuspiciousVariables(
  steps: readonly StepVariables[],
  known: RenderScope,
  schema: DataSchema,
): StepVariables[] {
  return steps.flatMap((step) => {
    const variables = step.variables.filter((read) => isSuspicious(read, known, schema));
    return variables.length === 0 ? [] : [{ ...step, variables }];
  });
}
