import { describeTypeMismatch } from "../../domain/validation/describe-type-mismatch.js";
import { getValueAtPath } from "../../util/json.js";
import type { PathKey } from "../liquid/read-variables.js";
import {
  type DataSchema,
  getSchemasBelow,
  type StepVariable,
  type TextVariables,
} from "./find-misspelled-variables.js";
import { buildScopeSchema } from "./scope-schema.js";

/** Variables of every run that are numbers. */
const NUMBERS = ["total_activities", "total_actors", "run.total_activities", "run.total_actors", "activities.size"];

/** Returns the type of a variable in JSON Schema; undefined if it is not known. `vars` are the variables of the environment. */
function findType(path: readonly PathKey[], schema: DataSchema, vars: unknown): unknown {
  if (NUMBERS.includes(path.join("."))) return "number";
  if (path[0] === "vars") return typeof getValueAtPath(vars, path.slice(1).map(String));
  let schemas = [buildScopeSchema(schema)];
  for (const key of path) schemas = getSchemasBelow(schemas, key) ?? [];
  return schemas.length === 1 ? schemas[0]?.type : undefined;
}

/** Returns the variables of a template that are compared with a literal of another type. */
export function findMismatchedTypes(
  { variables, assignedNames, extensibleRoots, addedData }: TextVariables,
  schema: DataSchema,
  vars: unknown,
): { code: "type_mismatch"; read: StepVariable; message: string }[] {
  const isDataChanged = extensibleRoots.has("data") || addedData.length > 0;
  return variables.flatMap((read) => {
    const { path, writtenPath, comparedWith } = read;
    const root = String(path[0]);
    if (comparedWith === undefined || assignedNames.has(root) || extensibleRoots.has(root)) return [];
    if (isDataChanged && root !== "vars" && !NUMBERS.includes(path.join("."))) return [];
    const problem = describeTypeMismatch(findType(path, schema, vars), comparedWith);
    return problem === null ? [] : [{ code: "type_mismatch", read, message: `${writtenPath.join(".")} ${problem}` }];
  });
}
