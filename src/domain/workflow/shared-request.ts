import { getValueAtPath, isJsonObject, type JsonObject } from "../../util/json.js";
import type { HttpRequest } from "../step/http-request.js";
import { walkReferences } from "../step-types/walk-steps.js";
import type { Workflow } from "./workflow.js";

/**
 * A request in `requests/<key>/request.json` that fetch steps share. The `response_path` of a step takes precedence
 * (E-305).
 */
export interface SharedRequest extends HttpRequest {
  key: string;
  /** A JSON Schema of an object; null accepts all inputs. */
  input_schema: JsonObject | null;
}

/** Returns the keys of the shared requests that a workflow's steps name. */
export function collectRequestKeys(workflow: Workflow): string[] {
  return [...new Set([...walkReferences(workflow.steps, "request")].map(({ key }) => key))];
}

/** Returns the schema of one input of a request, or null if it is not declared. */
export function findInputSchema({ input_schema }: SharedRequest, name: string): JsonObject | null {
  const property = getValueAtPath(input_schema?.properties, [name]);
  return isJsonObject(property) ? property : null;
}
