import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject, toPointer } from "../../util/json.js";

/** What conditions of preferences may ask about (E-154); a variable that starts with anything else is never set. */
const SCOPES = ["data", "recipient", "actor", "tenant", "vars", "workflow", "run"];

/**
 * Returns a warning for each condition, anywhere in a preference set or in a map of them, whose variable starts with a scope
 * that no run has: the API accepts it, and its own example does so. `path` is where the value is.
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
