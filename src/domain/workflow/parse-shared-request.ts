import type { ErrorDetail } from "../../errors/knock-error.js";
import { didYouMean, suggestNearest, toHintText } from "../../util/find-nearest.js";
import { isJsonObject, type JsonObject, toPointer } from "../../util/json.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import { createDocumentError } from "../findings/document-error.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { normalizeRequest } from "../step/http-request.js";
import { walkReferences } from "../step-types/walk-steps.js";
import { findInputSchema, type SharedRequest } from "./shared-request.js";
import { sharedRequestSchema } from "./shared-request-schema.js";
import type { Workflow } from "./workflow.js";

const HINT = "A shared request has url, headers, query_params, body or json_body, response_path and input_schema.";

/**
 * Parses a `request.json` whose text files have been inserted (E-305, decision 18). Unknown keys are errors, because
 * this project owns the format and no other tool adds keys. Throws `project_invalid` with one pointer per finding.
 */
export function parseSharedRequest(key: string, raw: unknown, file: string): SharedRequest {
  checkJsonShape(raw, file, "project_invalid");
  const findings = new DocumentFindings();
  const value = checkDocument(sharedRequestSchema(), raw, findings.add, ({ path, message, suggestedKey }) =>
    findings.add(path, message, suggestedKey),
  );
  if (value === null || !findings.isEmpty) throw findings.toError(file, "project_invalid", () => HINT);
  return { key, ...normalizeRequest(value), input_schema: value.input_schema ?? null };
}

function checkInputs(inputs: JsonObject, request: SharedRequest, at: PropertyKey[], report: ReportFinding): void {
  const { input_schema: schema } = request;
  if (schema === null) return;
  const known = isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
  const isOpen = schema.additionalProperties !== undefined && schema.additionalProperties !== false;
  for (const name of Object.keys(inputs)) {
    if (known.includes(name) || isOpen) continue;
    report([...at, name], `is not an input of the request "${request.key}"${suggestNearest(name, known)}`);
  }
  for (const name of Array.isArray(schema.required) ? schema.required.map(String) : []) {
    if (Object.hasOwn(inputs, name) || findInputSchema(request, name)?.default !== undefined) continue;
    report([...at, name], `is required by the request "${request.key}"`);
  }
}

/**
 * Checks that the shared requests of a workflow's steps exist and get the inputs that they require. `requests` contains
 * the existing ones by key. Throws `workflow_invalid` with one pointer per finding.
 */
export function checkSharedRequests(
  workflow: Workflow,
  requests: ReadonlyMap<string, SharedRequest>,
  keys: readonly string[],
): void {
  const details: ErrorDetail[] = [];
  let hint = `Fix workflows/${workflow.key}/, or add the file requests/<key>/request.json.`;
  const report: ReportFinding = (path, message) => {
    details.push({ pointer: toPointer(path), message });
  };
  for (const { key, inputs = {}, path } of walkReferences(workflow.steps, "request")) {
    const request = requests.get(key);
    if (request !== undefined) checkInputs(inputs, request, [...path.slice(0, -1), "inputs"], report);
    else if (!keys.includes(key)) {
      report(path, `is not a shared request of this project: "${key}"`);
      const suggestion = toHintText(didYouMean(key, keys, "Requests"));
      hint = `${suggestion === undefined ? "" : `${suggestion} `}Shared requests are in requests/<key>/request.json.`;
    }
  }
  if (details.length === 0) return;
  throw createDocumentError("workflow_invalid", `workflow "${workflow.key}"`, details, hint);
}
