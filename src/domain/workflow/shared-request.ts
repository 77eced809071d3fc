import type { JsonObject } from "../../util/json.js";
import type { HttpRequest } from "../step/http-request.js";
import { walkReferences } from "../steps/walk-steps.js";
import type { Workflow } from "./workflow.js";

/** A request that fetch steps share (E-305): `requests/<key>/request.json`. A step that has a `response_path` of its own keeps it. */
export interface SharedRequest extends HttpRequest {
  key: string;
  /** A JSON Schema of an object; null: every step's inputs will do. */
  input_schema: JsonObject | null;
}

/** The keys of the shared requests that a workflow's steps name. */
export function collectRequestKeys(workflow: Workflow): string[] {
  return [...new Set([...walkReferences(workflow.steps, "request")].map(({ key }) => key))];
}

/** What a request's schema says of one input; null where it names none. */
export function findInputSchema({ input_schema }: SharedRequest, name: string): JsonObject | null {
  const properties = input_schema?.properties as JsonObject | undefined;
  const property = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return typeof property === "object" && property !== null && !Array.isArray(property) ? property : null;
}
