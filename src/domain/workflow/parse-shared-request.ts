import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject, pointerOf } from "../../util/json.js";
import { didYouMean, nearest } from "../../util/nearest.js";
import type { Complain } from "../shape/complain.js";
import { jsonSchemaShape } from "../shape/json-schema-shape.js";
import { describeFault } from "../shape/place.js";
import { object, optional, textUpTo } from "../shape/shape.js";
import { httpMethod, requestFields, requestOf } from "../step/parse-function-step.js";
import { checked } from "../step/step-context.js";
import { filledText } from "../step/step-shapes.js";
import type { HttpFetchStep } from "../step/step-types.js";
import { inputSchemaOf, type SharedRequest } from "./shared-request.js";
import { type Workflow, walkSteps } from "./workflow.js";

const requestShape = object(
  {
    name: optional(textUpTo(255)),
    description: optional(textUpTo(280)),
    method: httpMethod,
    url: filledText,
    ...requestFields,
    input_schema: optional(jsonSchemaShape),
  },
  { closed: true },
);

/** The file without what says nothing here (F-020 to F-022). */
function ownFields(raw: unknown): unknown {
  if (!isJsonObject(raw)) return raw;
  return Object.fromEntries(Object.entries(raw).filter(([key]) => key !== "$schema" && !key.startsWith("__")));
}

/**
 * `request.json`, its text files read in (E-305, decision 17). Nothing in it is passed over: the file is this project's own
 * form, which no other tool adds to. Throws `project_invalid` with a pointer per fault.
 */
export function parseSharedRequest(key: string, raw: unknown, file: string): SharedRequest {
  const details: ErrorDetail[] = [];
  const complain: Complain = (path, message) => {
    details.push({ pointer: pointerOf(path), message });
  };
  const value = checked(requestShape, ownFields(raw), [], complain);
  const schema = (value?.input_schema as JsonObject | null | undefined) ?? null;
  if (schema !== null && schema.type !== undefined && schema.type !== "object")
    complain(["input_schema", "type"], 'must be "object": inputs have names');
  if (value !== null && details.length === 0) return { key, ...requestOf(value), input_schema: schema };
  const [first, ...rest] = details;
  throw new KnockError(
    "project_invalid",
    `${file}: ${first ? describeFault(first) : "not valid"}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
    {
      details,
      hint: "A shared request has url, headers, query_params, body or json_body, response_path and input_schema.",
    },
  );
}

function checkInputs(step: HttpFetchStep, request: SharedRequest, at: PropertyKey[], complain: Complain): void {
  const { input_schema: schema } = request;
  const { inputs } = step.settings;
  if (schema === null) return;
  const known = isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
  const isOpen = schema.additionalProperties !== undefined && schema.additionalProperties !== false;
  for (const name of Object.keys(inputs)) {
    if (known.includes(name) || isOpen) continue;
    const near = nearest(name, known);
    complain(
      [...at, "inputs", name],
      `is no input of the request "${request.key}"${near === undefined ? "" : `; did you mean "${near}"?`}`,
    );
  }
  for (const name of Array.isArray(schema.required) ? schema.required.map(String) : []) {
    if (Object.hasOwn(inputs, name) || inputSchemaOf(request, name)?.default !== undefined) continue;
    complain([...at, "inputs", name], `is required by the request "${request.key}"`);
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
  let hint = `Mend workflows/${workflow.key}/, or add the file requests/<key>/request.json.`;
  for (const { step, path } of walkSteps(workflow.steps)) {
    if (step.type !== "http_fetch" || step.settings.reusable_step_key === null) continue;
    const key = step.settings.reusable_step_key;
    const at = [...path.split(/[.[\]]+/).filter(Boolean), "settings"];
    const complain: Complain = (below, message) => {
      details.push({ pointer: pointerOf(below), message });
    };
    const request = requests.get(key);
    if (request !== undefined) checkInputs(step, request, at, complain);
    else {
      complain([...at, "reusable_step_key"], `names no shared request of this project: "${key}"`);
      hint = `${didYouMean(key, keys, "Requests")} A request is a file, requests/<key>/request.json.`;
    }
  }
  const [first, ...rest] = details;
  if (first === undefined) return;
  const more = rest.length > 0 ? ` (and ${rest.length} more)` : "";
  throw new KnockError("workflow_invalid", `workflow "${workflow.key}": ${describeFault(first)}${more}`, {
    details,
    hint,
  });
}
