import { createHmac } from "node:crypto";
import type { StepOutcome } from "../../domain/run/outcome.js";
import { jsonShapeFault } from "../../domain/shape/json-limits.js";
import type { KeyValue } from "../../domain/step/http-request.js";
import type { HttpFetchStep } from "../../domain/steps/http-fetch.js";
import type { OutsideAnswer, StepRequest } from "../../ports/outside.js";
import { isoTime } from "../../util/iso-time.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { unmetConditions } from "../advancing/step-conditions.js";
import { NeedsAnswer } from "../context/need.js";
import { RenderError, type RenderScope, renderText } from "../liquid/liquid.js";
import type { EngineStep } from "./engine-step.js";
import { type RequestSource, requestSource } from "./shared-request.js";
import { testStep } from "./test-step.js";

const TIMEOUT_MS = 15_000; // E-295
/** Waits before the second and the third try (E-299). */
const RETRY_WAITS_MS = [30_000, 60_000];
/** What tells the tries of a run, which a test has not: it asks once (E-302). */
const RETRY = /, try \d of \d$/;
const ACCEPTED = new Set([200, 201, 204]); // E-294
const WITH_BODY = new Set(["post", "put", "patch"]); // PATCH: EQ-53

function pairsOf(source: KeyValue[] | string, scope: RenderScope, what: string): [string, string][] {
  if (typeof source !== "string")
    return source.map(({ key, value }) => [renderText(key, scope), renderText(value, scope)]);
  const text = renderText(source, scope).trim();
  if (text === "") return [];
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value))
      return Object.entries(value).map(([key, one]) => [key, typeof one === "string" ? one : JSON.stringify(one)]);
    if (Array.isArray(value))
      return value.filter(isJsonObject).map(({ key, value: one }) => [String(key), String(one)]);
  } catch (error) {
    throw new RenderError(`${what} is not valid JSON once rendered`, { cause: error });
  }
  throw new RenderError(`${what} must be a JSON object or a list of pairs once rendered`);
}

/** `t=<ms>,s=<base64 HMAC-SHA256 of "<ms>.<body>">` (E-303, EQ-48). */
export function fetchSignature(key: string, body: string, at: number): string {
  const hmac = createHmac("sha256", key).update(`${at}.${body}`).digest("base64");
  return `t=${at},s=${hmac}`;
}

/** The request with everything rendered (E-293); an address that is none is a fault of the step. */
function requestOf({ settings, scope }: RequestSource, { input }: Advancing): StepRequest {
  let url: URL;
  const rendered = renderText(settings.url, scope).trim();
  try {
    url = new URL(rendered);
  } catch (error) {
    throw new RenderError(`url is no address once rendered: ${rendered}`, { cause: error });
  }
  for (const [key, value] of pairsOf(settings.query_params, scope, "query_params")) url.searchParams.append(key, value);
  const headers: Record<string, string> = { "content-type": "application/json" };
  for (const [key, value] of pairsOf(settings.headers, scope, "headers")) headers[key.toLowerCase()] = value;
  let body: string | null = null;
  if (WITH_BODY.has(settings.method) && settings.body !== null) {
    const text = renderText(settings.body, scope);
    try {
      body = JSON.stringify(JSON.parse(text));
    } catch (error) {
      throw new RenderError("body is not valid JSON once rendered", { cause: error });
    }
  }
  const key = settings.signing_key === null ? "" : renderText(settings.signing_key, scope);
  if (key !== "") headers["x-knock-signature"] = fetchSignature(key, body ?? "", input.now);
  return { method: settings.method, url: url.href, headers, body, timeout_ms: TIMEOUT_MS };
}

/** `data` with the response in it (E-296 to E-298, EQ-46); a text for what makes it a failure (E-300, E-304). */
function merge(data: JsonObject, path: string | null, text: string): JsonObject | string {
  if (text.trim() === "") return data;
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return "the response is no JSON";
  }
  const fault = jsonShapeFault(value, "the response");
  if (fault !== null) return fault;
  if (path === null || path === "")
    return isJsonObject(value)
      ? { ...data, ...value }
      : "the response is no JSON object, and there is no response_path";
  const parts = path.split(".");
  const root: JsonObject = { ...data };
  let holder = root;
  for (const part of parts.slice(0, -1)) {
    const inner = holder[part];
    const copy: JsonObject = isJsonObject(inner) ? { ...inner } : {};
    holder[part] = copy;
    holder = copy;
  }
  holder[parts.at(-1) as string] = value;
  return root;
}

function failed(base: StepOutcome, detail: string): StepEffect {
  return {
    halt: true,
    error: true,
    outcome: { ...base, outcome: "failed", reason: { code: "fetch_error", detail } },
    log: { error: detail },
  };
}

/** After a server's fault or a time-out: once more later, up to three tries (E-299). */
function retryOrFail(
  base: StepOutcome,
  step: HttpFetchStep,
  detail: string,
  tookMs: number,
  advancing: Advancing,
): StepEffect {
  const tries = advancing.run.events.filter(
    ({ event, step_ref }) => event === "step_retried" && step_ref === step.ref,
  ).length;
  const wait = RETRY_WAITS_MS[tries];
  if (wait === undefined) return failed(base, detail);
  advancing.event("step_retried", step, { error: detail }, "error", tries + 1);
  const until = advancing.input.now + tookMs + wait;
  const reason = {
    code: "fetch_error",
    detail: `${detail}, try ${tries + 1} of ${RETRY_WAITS_MS.length + 1}`,
  } as const;
  return { outcome: { ...base, outcome: "waiting", reason, until: isoTime(until) }, wait: { until } };
}

/**
 * A fetch (section 18). The run is written as waiting at the step before anything leaves; when it comes back, at once, the
 * request is made and its answer decides. A crash in between repeats the request.
 */
function executeHttpFetch(step: HttpFetchStep, resumed: boolean, advancing: Advancing): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "http_fetch", outcome: "passed", reason: null };
  if (!resumed) {
    const unmet = unmetConditions(step, base, advancing);
    if (unmet) return unmet;
    const { now } = advancing.input;
    return { outcome: { ...base, outcome: "waiting", until: isoTime(now) }, wait: { until: now } };
  }
  const source = requestSource(step, advancing);
  const request = requestOf(source, advancing);
  const answer = advancing.input.answers.get(step.ref) as OutsideAnswer | undefined;
  if (answer === undefined) throw new NeedsAnswer({ kind: "fetch", ref: step.ref, request });
  const what = `${request.method.toUpperCase()} ${request.url}`;
  if ("failure" in answer) {
    const detail = `${what}: ${answer.message}`;
    return answer.failure === "timeout" ? retryOrFail(base, step, detail, TIMEOUT_MS, advancing) : failed(base, detail);
  }
  if (answer.status >= 500) return retryOrFail(base, step, `${what} answered ${answer.status}`, 0, advancing);
  if (!ACCEPTED.has(answer.status)) return failed(base, `${what} answered ${answer.status}`);
  const data = merge(advancing.run.data ?? advancing.input.run.data, source.settings.response_path, answer.text);
  return typeof data === "string"
    ? failed(base, `${what}: ${data}`)
    : { outcome: base, data, log: { status: answer.status } };
}

export const httpFetch: EngineStep<HttpFetchStep> = {
  execute: executeHttpFetch,
  // It asks outside, and can be tried alone (E-302, E-410).
  previews: () => "named",
  preview: (step, previewing) => [
    testStep(step, previewing, { execute: executeHttpFetch, detailOf: (detail) => detail.replace(RETRY, "") }),
  ],
};
