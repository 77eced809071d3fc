import { isJsonObject, type Json, type JsonObject, pointerOf } from "../../util/json.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { jsonSchemaShape } from "../shape/json-schema-shape.js";
import { placeOf } from "../shape/place.js";
import { anything, flag, object, oneOf, optional, record, type Shape, text } from "../shape/shape.js";
import {
  parseUpdateAudienceStep,
  parseUpdateDataStep,
  parseUpdateObjectStep,
  parseUpdateTenantStep,
  parseUpdateUserStep,
} from "./parse-update-step.js";
import { parseWaitForEventStep } from "./parse-wait-step.js";
import { parseBatchStep, parseDelayStep, parseThrottleStep } from "./parse-window-step.js";
import { checked, type StepParser } from "./step-context.js";
import { filledText, maybeText, pairs } from "./step-shapes.js";
import {
  type AiAgentStep,
  type FunctionStep,
  HTTP_METHODS,
  type HttpFetchStep,
  type HttpMethod,
  type HttpRequest,
  type TriggerWorkflowStep,
} from "./step-types.js";

const knownMethod = oneOf(HTTP_METHODS);

/** In either case (section 9.4). */
export const httpMethod: Shape<string> = (value, path, complain): value is string =>
  knownMethod(typeof value === "string" ? value.toLowerCase() : value, path, complain);

export const dottedPath: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  const fault = value !== "" && value.split(".").includes("");
  if (fault) complain(path, "must be a dotted path such as order.lines");
  return !fault;
};

/** Of a request, but for its method and URL: a step may leave them to a shared one. */
export const requestFields = {
  headers: pairs,
  query_params: pairs,
  body: maybeText,
  json_body: maybeText,
  response_path: optional(dottedPath),
  signing_key: maybeText,
};

interface GivenRequest {
  method?: string | null;
  url?: string | null;
  headers?: HttpRequest["headers"] | null;
  query_params?: HttpRequest["query_params"] | null;
  body?: string | null;
  json_body?: string | null;
  response_path?: string | null;
  signing_key?: string | null;
}

/** What was checked, with its defaults. */
export function requestOf(given: GivenRequest): HttpRequest {
  return {
    method: (given.method ?? "get").toLowerCase() as HttpMethod,
    url: given.url ?? "",
    headers: given.headers ?? [],
    query_params: given.query_params ?? [],
    body: given.body || given.json_body || null,
    response_path: given.response_path || null,
    signing_key: given.signing_key || null,
  };
}

const fetchSettings = object({
  method: optional(httpMethod),
  url: maybeText,
  ...requestFields,
  reusable_step_key: maybeText,
  inputs: optional(record(anything)),
});

/** What a shared request has and a step beside it must not: neither would be right to pass over. */
const SHARED_FIELDS = ["url", "headers", "query_params", "body", "json_body", "signing_key"] as const;

/** Section 9.4. A shared request brings its own method and URL (E-305); files may have a method beside it all the same. */
export const parseHttpFetchStep: StepParser<HttpFetchStep> = (raw, base, path, { complain }) => {
  const at = [...path, "settings"];
  const settings = checked(fetchSettings, raw.settings, at, complain);
  if (settings === null) return null;
  const shared = settings.reusable_step_key || null;
  if (shared === null) {
    checked(httpMethod, settings.method ?? undefined, [...at, "method"], complain);
    checked(filledText, settings.url ?? undefined, [...at, "url"], complain);
    if (Object.keys(settings.inputs ?? {}).length > 0)
      complain([...at, "inputs"], "has no effect without reusable_step_key");
  } else {
    for (const name of SHARED_FIELDS)
      if ((settings[name] ?? "").length > 0)
        complain([...at, name], `must not be given beside reusable_step_key: the request "${shared}" has its own`);
  }
  return {
    ...base,
    type: "http_fetch",
    settings: Object.assign(requestOf(settings), {
      reusable_step_key: shared,
      inputs: (settings.inputs as JsonObject | null | undefined) ?? {},
    }),
  };
};

const triggerSettings = object({
  workflow_key: filledText,
  recipients: maybeText,
  actor: maybeText,
  tenant: maybeText,
  data: maybeText,
  cancellation_key: maybeText,
});

/** E-316. Empty text is kept: it means none, where absence means the parent's (EQ-50). */
export const parseTriggerWorkflowStep: StepParser<TriggerWorkflowStep> = (raw, base, path, { complain }) => {
  const settings = checked(triggerSettings, raw.settings, [...path, "settings"], complain);
  if (settings === null) return null;
  return {
    ...base,
    type: "trigger_workflow",
    settings: {
      workflow_key: settings.workflow_key,
      recipients: settings.recipients ?? "{{ recipient.id }}",
      actor: settings.actor ?? "{{ actor.id }}",
      tenant: settings.tenant ?? "{{ tenant.id }}",
      data: settings.data ?? "{{ data | json }}",
      cancellation_key: settings.cancellation_key ?? "{{ workflow.cancellation_key }}",
    },
  };
};

const modelName: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  const ok = /^[^\s:]+:\S+$/.test(value);
  if (!ok) complain(path, `must be provider:model, found ${JSON.stringify(value)}`);
  return ok;
};

const agentSettings = object({
  model: modelName,
  request_prompt: filledText,
  response_type: oneOf(["text", "json"]),
  response_schema: maybeText,
  web_search_enabled: optional(flag),
  halt_on_error: optional(flag),
});

/** A JSON Schema written as text; null for what is none, or nests too deep. */
function schemaOf(schemaText: string): JsonObject | null {
  try {
    const schema = JSON.parse(schemaText) as Json;
    checkJsonShape(schema, "the schema");
    return isJsonObject(schema) ? schema : null;
  } catch {
    return null;
  }
}

/** F-050, E-352, EQ-58. */
export const parseAiAgentStep: StepParser<AiAgentStep> = (raw, base, path, { complain }) => {
  const at = [...path, "settings"];
  const settings = checked(agentSettings, raw.settings, at, complain);
  if (settings === null) return null;
  const schemaText = settings.response_schema || null;
  const schemaPath = [...at, "response_schema"];
  const schema = schemaText === null ? null : schemaOf(schemaText);
  if (settings.response_type === "text" && schemaText !== null)
    complain(schemaPath, 'is only for a response of type "json"');
  if (settings.response_type === "json" && schemaText === null)
    complain(schemaPath, 'is required for a response of type "json"');
  if (settings.response_type === "json" && schemaText !== null && schema === null)
    complain(schemaPath, "must be a JSON Schema (an object) as text");
  if (schema !== null)
    jsonSchemaShape(schema, [], (inner, message) => complain(schemaPath, `${placeOf(pointerOf(inner))} ${message}`));
  return {
    ...base,
    type: "ai_agent",
    settings: {
      model: settings.model,
      request_prompt: settings.request_prompt,
      response_type: settings.response_type,
      response_schema: schema,
      web_search_enabled: settings.web_search_enabled ?? false,
      halt_on_error: settings.halt_on_error ?? true,
    },
  };
};

/** Parsers of the steps of section 9 that hold no other steps. */
export const FUNCTION_STEP_PARSERS: Record<FunctionStep["type"], StepParser<FunctionStep>> = {
  batch: parseBatchStep,
  delay: parseDelayStep,
  throttle: parseThrottleStep,
  http_fetch: parseHttpFetchStep,
  trigger_workflow: parseTriggerWorkflowStep,
  update_data: parseUpdateDataStep,
  update_user: parseUpdateUserStep,
  update_tenant: parseUpdateTenantStep,
  update_object: parseUpdateObjectStep,
  update_audience: parseUpdateAudienceStep,
  wait_for_event: parseWaitForEventStep,
  ai_agent: parseAiAgentStep,
};
