import type { ErrorDetail } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject, pointerOf } from "../../util/json.js";
import { didYouMean, nearest } from "../../util/nearest.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFaults } from "../schema/document-faults.js";
import type { Complain } from "../shape/complain.js";
import { faultsError } from "../shape/faults-error.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { requestOf } from "../step/http-request.js";
import { walkReferences } from "../steps/walk-steps.js";
import { requestSchema } from "./request-schema.js";
import { inputSchemaOf, type SharedRequest } from "./shared-request.js";
import type { Workflow } from "./workflow.js";

const HINT = "A shared request has url, headers, query_params, body or json_body, response_path and input_schema.";

/**
 * Parses a `request.json`, its text files read in (E-305, decision 17). Unknown keys are faults: the file is this project's
 * own form, which no other tool adds to. Throws `project_invalid` with a pointer per fault.
 */
export function parseSharedRequest(key: string, raw: unknown, file: string): SharedRequest {
  checkJsonShape(raw, file, "project_invalid");
  const faults = new DocumentFaults();
  const value = checkDocument(requestSchema(), raw, faults.add, faults.add);
  if (value === null || !faults.isEmpty) throw faults.toError(file, "project_invalid", () => HINT);
  return { key, ...requestOf(value), input_schema: (value.input_schema ?? null) as JsonObject | null };
}

function checkInputs(inputs: JsonObject, request: SharedRequest, at: PropertyKey[], complain: Complain): void {
  const { input_schema: schema } = request;
  if (schema === null) return;
  const known = isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
  const isOpen = schema.additionalProperties !== undefined && schema.additionalProperties !== false;
  for (const name of Object.keys(inputs)) {
    if (known.includes(name) || isOpen) continue;
    const near = nearest(name, known);
    complain(
      [...at, name],
      `is no input of the request "${request.key}"${near === undefined ? "" : `; did you mean "${near}"?`}`,
    );
  }
  for (const name of Array.isArray(schema.required) ? schema.required.map(String) : []) {
    if (Object.hasOwn(inputs, name) || inputSchemaOf(request, name)?.default !== undefined) continue;
    complain([...at, name], `is required by the request "${request.key}"`);
  }
}

/**
 * The shared requests that steps name must exist, and be given what they ask for. `requests` are those named that exist.
 * Throws `workflow_invalid`.
 */
export function checkSharedRequests(
  workflow: Workflow,
  requests: ReadonlyMap<string, SharedRequest>,
  keys: readonly string[],
): void {
  const details: ErrorDetail[] = [];
  let hint = `Fix workflows/${workflow.key}/, or add the file requests/<key>/request.json.`;
  const complain: Complain = (path, message) => {
    details.push({ pointer: pointerOf(path), message });
  };
  for (const { key, inputs = {}, path } of walkReferences(workflow.steps, "request")) {
    const request = requests.get(key);
    if (request !== undefined) checkInputs(inputs, request, [...path.slice(0, -1), "inputs"], complain);
    else {
      complain(path, `names no shared request of this project: "${key}"`);
      hint = `${didYouMean(key, keys, "Requests")} A request is a file, requests/<key>/request.json.`;
    }
  }
  if (details.length === 0) return;
  throw faultsError("workflow_invalid", `workflow "${workflow.key}"`, details, hint);
}
