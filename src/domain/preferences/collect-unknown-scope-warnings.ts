import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject, toPointer } from "../../util/json.js";

/** The scopes that conditions of preferences can use. A variable in any other scope is never set (E-154). */
const SCOPES = ["data", "recipient", "actor", "tenant", "vars", "workflow", "run"];

/**
 * Returns a warning for each condition whose variable starts with a scope that no run has. The API accepts such a
 * condition, and its own example contains one. The value is a preference set or a map of sets; `path` is its location
 * (A-444).
 */
export function collectUnknownScopeWarnings(value: unknown, path: PropertyKey[] = []): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => collectUnknownScopeWarnings(item, [...path, index]));
  if (!isJsonObject(value)) return [];
  const { variable, operator } = value;
  if (typeof variable !== "string" || typeof operator !== "string")
    return Object.entries(value).flatMap(([key, item]) => collectUnknownScopeWarnings(item, [...path, key]));
  const scope = variable.split(".")[0] ?? "";
  if (SCOPES.includes(scope)) return [];
  const near = findNearest(scope, SCOPES);
  const hint = near === undefined ? `the scopes are ${SCOPES.join(", ")}` : `did you mean "${near}"?`;
  return [`${toPointer([...path, "variable"])} starts with the unknown scope ${JSON.stringify(scope)}; ${hint}`];
}
