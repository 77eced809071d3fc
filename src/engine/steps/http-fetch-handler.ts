import { matchesSchema } from "../../domain/data-schema/check-trigger-data.js";
import { describeInvalidJsonShape } from "../../domain/findings/check-json-shape.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { KeyValue } from "../../domain/step/http-request.js";
import type { HttpFetchStep } from "../../domain/step-types/http-fetch-step.js";
import { findInputSchema, type SharedRequest } from "../../domain/workflow/shared-request.js";
import { KnockError } from "../../errors/knock-error.js";
import type { OutboundResponse, StepRequest } from "../../ports/http-client.js";
import { toIsoTime } from "../../util/iso-time.js";
import { isJsonObject, type Json, type JsonObject, stringifyStorable, toStorable } from "../../util/json.js";
import { loadCrypto } from "../../util/load-crypto.js";
import { PendingQueryError } from "../context/pending-query.js";
import { buildResponseLog, getRequestOrigin } from "../execution/request-origin.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import { RenderError, type RenderScope, renderText } from "../liquid/liquid.js";
import type { StepHandler } from "./step-handler.js";
import { testStep } from "./test-step.js";

/** The request settings of a fetch step, and the scope of its templates. */
interface RequestSource {
  settings: Omit<HttpFetchStep["settings"], "reusable_step_key" | "inputs">;
  scope: RenderScope;
}

function renderJsonValue(value: Json, scope: RenderScope): Json {
  if (typeof value === "string") return renderText(value, scope);
  if (Array.isArray(value)) return value.map((item) => renderJsonValue(item, scope));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renderJsonValue(item, scope)]));
}

/** Converts rendered text to the type that the schema requires. If that is not a string, the text is parsed as JSON. */
function toSchemaType(value: Json, schema: JsonObject | null): Json {
  const types = [schema?.type ?? "string"].flat();
  if (typeof value !== "string" || types.includes("string")) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // the schema check reports it
  }
}

function buildInputs(step: HttpFetchStep, request: SharedRequest, scope: RenderScope): JsonObject {
  // An input cannot refer to inputs (CH-206), or to a data key with the name `inputs`.
  const outerScope = { ...scope, inputs: undefined };
  const inputs: JsonObject = {};
  const properties = request.input_schema?.properties;
  for (const name of isJsonObject(properties) ? Object.keys(properties) : []) {
    const fallback = findInputSchema(request, name)?.default;
    if (fallback !== undefined) inputs[name] = fallback;
  }
  for (const [name, value] of Object.entries(step.settings.inputs))
    inputs[name] = toSchemaType(renderJsonValue(value, outerScope), findInputSchema(request, name));
  const problems = request.input_schema === null ? [] : describeInvalidInputs(request.input_schema, inputs);
  if (problems.length > 0)
    throw new RenderError(`the inputs do not match the request "${request.key}": ${problems.join(", ")}`);
  return inputs;
}

function describeInvalidInputs(schema: JsonObject, inputs: JsonObject): string[] {
  const wrong = Object.keys(inputs).filter((name) => {
    const own = isJsonObject(schema.properties) ? schema.properties[name] : undefined;
    return isJsonObject(own) && !matchesSchema(own, inputs[name] as Json);
  });
  if (wrong.length > 0) return wrong.map((name) => `${name} is ${JSON.stringify(inputs[name])}`);
  return matchesSchema(schema, inputs) ? [] : ["they do not match its input_schema"];
}

/** Returns the step's own request, or the shared request with the step's inputs as `inputs` (E-305). */
function resolveRequestSource(step: HttpFetchStep, { input: { compiled }, scope }: RunExecution): RequestSource {
  const { reusable_step_key: key, response_path } = step.settings;
  if (key === null) return { settings: step.settings, scope };
  const request = compiled.requests.get(key);
  if (request === undefined) throw new RenderError(`there is no shared request "${key}"`);
  if (request instanceof KnockError) throw new RenderError(request.message, { cause: request });
  return {
    settings: { ...request, response_path: response_path ?? request.response_path },
    scope: { ...scope, inputs: buildInputs(step, request, scope) },
  };
}

const TIMEOUT_MS = 15_000; // E-295
/** The delays before the second and third attempt (E-299). */
const RETRY_DELAYS_MS = [30_000, 60_000];
/** Matches the attempt in a reason's detail. A step test has only one attempt (E-302). */
const ATTEMPT_SUFFIX = /, try \d of \d$/;
const ACCEPTED_STATUSES = new Set([200, 201, 204]); // E-294
const METHODS_WITH_BODY = new Set(["post", "put", "patch"]); // PATCH: EQ-53

function renderPairs(source: KeyValue[] | string, scope: RenderScope, settingName: string): [string, string][] {
  if (typeof source !== "string")
    return source.map(({ key, value }) => [renderText(key, scope), renderText(value, scope)]);
  const text = renderText(source, scope).trim();
  if (text === "") return [];
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value))
      return Object.entries(value).map(([key, item]) => [key, typeof item === "string" ? item : JSON.stringify(item)]);
    if (Array.isArray(value)) return value.filter(isJsonObject).map((pair) => [String(pair.key), String(pair.value)]);
  } catch (error) {
    throw new RenderError(`${settingName} is invalid JSON once rendered`, { cause: error });
  }
  throw new RenderError(`${settingName} must be a JSON object or a list of pairs once rendered`);
}

/** Returns `t=<ms>,s=<base64 HMAC-SHA256 of "<ms>.<body>">` (E-303, EQ-48). */
export function signFetchRequest(key: string, body: string, at: number): string {
  const hmac = loadCrypto().createHmac("sha256", key).update(`${at}.${body}`).digest("base64");
  return `t=${at},s=${hmac}`;
}

/** Renders the request (E-293). Throws RenderError for an invalid URL. */
function renderRequest({ settings, scope }: RequestSource, { input }: RunExecution): StepRequest {
  let url: URL;
  const rendered = renderText(settings.url, scope).trim();
  try {
    url = new URL(rendered);
  } catch (error) {
    throw new RenderError(`url is not a valid URL once rendered: ${rendered}`, { cause: error });
  }
  for (const [key, value] of renderPairs(settings.query_params, scope, "query_params"))
    url.searchParams.append(key, value);
  const headers: Record<string, string> = { "content-type": "application/json" };
  for (const [key, value] of renderPairs(settings.headers, scope, "headers")) headers[key.toLowerCase()] = value;
  let body: string | null = null;
  if (METHODS_WITH_BODY.has(settings.method) && settings.body !== null) {
    const text = renderText(settings.body, scope);
    try {
      body = stringifyStorable(JSON.parse(text));
    } catch (error) {
      throw new RenderError("body is invalid JSON once rendered", { cause: error });
    }
  }
  const key = settings.signing_key === null ? "" : renderText(settings.signing_key, scope);
  if (key !== "") headers["x-knock-signature"] = signFetchRequest(key, body ?? "", input.now);
  return { method: settings.method, url: url.href, headers, body, timeout_ms: TIMEOUT_MS };
}

/** Returns the JSON value of a response, without one for an empty body, or a text that describes an invalid one (E-300). */
function parseResponse(text: string): { body?: Json } | string {
  if (text.trim() === "") return {};
  let body: Json;
  try {
    body = JSON.parse(text);
  } catch {
    return "the response is not JSON";
  }
  // Checked first, because deeply nested JSON must not reach recursive code.
  return describeInvalidJsonShape(body, "the response") ?? { body: toStorable(body) };
}

/** Returns `data` merged with a response (E-296 to E-298, EQ-46), or a text that describes an invalid one (E-304). */
function mergeResponse(data: JsonObject, path: string | null, { body }: { body?: Json }): JsonObject | string {
  if (body === undefined) return data;
  if (path === null || path === "")
    return isJsonObject(body)
      ? { ...data, ...body }
      : "the response is not a JSON object, and response_path is not set";
  const parts = path.split(".");
  const root: JsonObject = { ...data };
  let parent = root;
  for (const part of parts.slice(0, -1)) {
    const child = parent[part];
    const copy: JsonObject = isJsonObject(child) ? { ...child } : {};
    parent[part] = copy;
    parent = copy;
  }
  parent[parts.at(-1) as string] = body;
  return root;
}

/** Returns the data of a step's event that keeps its request. Its headers may contain credentials. */
const buildRequestLog = ({ method, url, body }: StepRequest): JsonObject => ({
  request: { method: method.toUpperCase(), url, ...(body === null ? {} : { body }) },
});

function failStep(base: StepOutcome, detail: string, requestLog: JsonObject): StepEffect {
  return {
    haltsRun: true,
    isError: true,
    outcome: { ...base, outcome: "failed", reason: { code: "fetch_error", detail } },
    log: { error: detail, ...requestLog },
  };
}

/** Retries after a server error or timeout, up to three attempts (E-299); then fails the step. */
function retryOrFail(
  base: StepOutcome,
  step: HttpFetchStep,
  detail: string,
  tookMs: number,
  requestLog: JsonObject,
  execution: RunExecution,
): StepEffect {
  const attempts = execution.run.events.filter(
    ({ event, step_ref }) => event === "step_retried" && step_ref === step.ref,
  ).length;
  const wait = RETRY_DELAYS_MS[attempts];
  if (wait === undefined) return failStep(base, detail, requestLog);
  execution.recordEvent("step_retried", step, { error: detail, ...requestLog }, "error", attempts + 1);
  const until = execution.input.now + tookMs + wait;
  const reason = {
    code: "fetch_error",
    detail: `${detail}, try ${attempts + 1} of ${RETRY_DELAYS_MS.length + 1}`,
  } as const;
  return { outcome: { ...base, outcome: "waiting", reason, until: toIsoTime(until) }, wait: { until } };
}

/**
 * Executes a fetch step (section 18). The run is stored as waiting before the request is sent, and resumes immediately
 * to send it. A crash in between repeats the request.
 */
function executeHttpFetch(step: HttpFetchStep, resumed: boolean, execution: RunExecution): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "http_fetch", outcome: "passed", reason: null };
  if (!resumed) {
    const unmet = execution.skipByConditions(step, base);
    if (unmet) return unmet;
    const { now } = execution.input;
    return { outcome: { ...base, outcome: "waiting", until: toIsoTime(now) }, wait: { until: now } };
  }
  const source = resolveRequestSource(step, execution);
  const request = renderRequest(source, execution);
  const response = execution.input.queryResults.get(step.ref) as OutboundResponse | undefined;
  if (response === undefined) {
    const origin = getRequestOrigin(step, execution);
    throw new PendingQueryError({ kind: "fetch", ref: step.ref, request, origin });
  }
  const sent = buildRequestLog(request);
  const requestLine = `${request.method.toUpperCase()} ${request.url}`;
  if ("failure" in response) {
    const detail = `${requestLine}: ${response.message}`;
    return response.failure === "timeout"
      ? retryOrFail(base, step, detail, TIMEOUT_MS, sent, execution)
      : failStep(base, detail, sent);
  }
  const responded = { status: response.status, ...sent };
  if (response.status >= 500)
    return retryOrFail(base, step, `${requestLine} responded ${response.status}`, 0, responded, execution);
  if (!ACCEPTED_STATUSES.has(response.status))
    return failStep(base, `${requestLine} responded ${response.status}`, responded);
  const parsed = parseResponse(response.text);
  if (typeof parsed === "string") return failStep(base, `${requestLine}: ${parsed}`, responded);
  const before = execution.run.data ?? execution.input.run.data;
  const data = mergeResponse(before, source.settings.response_path, parsed);
  if (typeof data === "string") return failStep(base, `${requestLine}: ${data}`, responded);
  return { outcome: base, data, log: { ...responded, ...buildResponseLog(parsed.body) } };
}

export const httpFetchHandler: StepHandler<HttpFetchStep> = {
  execute: executeHttpFetch,
  // The step sends a request and can be tested alone (E-302, E-410).
  getPreviewMode: () => "named",
  preview: (step, execution) => [
    testStep(step, execution, {
      execute: executeHttpFetch,
      formatDetail: (detail) => detail.replace(ATTEMPT_SUFFIX, ""),
    }),
  ],
};
