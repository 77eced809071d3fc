import { systemIds } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import type { Trigger } from "./trigger.js";

/** A request to the API. `path` starts with `/v1` and includes the query. */
export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  headers: Record<string, string>;
  body: JsonObject | null;
}

interface ApiCaller {
  /** The API key; null omits the header, for a dry run without a key. */
  apiKey: string | null;
  branch: string | null;
  userAgent?: string;
}

/** Returns the headers of a request. */
export function buildApiHeaders(caller: ApiCaller, hasBody: boolean): Record<string, string> {
  return {
    ...(caller.apiKey === null ? {} : { Authorization: `Bearer ${caller.apiKey}` }),
    ...(hasBody ? { "Content-Type": "application/json" } : {}),
    Accept: "application/json",
    ...(caller.userAgent === undefined ? {} : { "User-Agent": caller.userAgent }),
    ...(caller.branch === null ? {} : { "X-Knock-Branch": caller.branch }),
  };
}

/**
 * Returns an ID as a path segment, percent-encoded except for `$`. `.` and `..` are also encoded, because a
 * proxy would resolve them as parent folders.
 */
export function encodePathSegment(id: string): string {
  if (id === "." || id === "..") return id.replaceAll(".", "%2E");
  return encodeURIComponent(id.replace(/\p{Surrogate}/gu, "\ufffd")).replaceAll("%24", "$");
}

/**
 * Returns the request that triggers a workflow. If `idempotency_key` is null, the header is omitted.
 * Callers that send or show the request should pass `createIdempotencyKey()`.
 */
export function buildTriggerRequest(
  trigger: Trigger,
  options: ApiCaller & { idempotency_key: string | null },
): ApiRequest {
  const { idempotency_key: key, ...caller } = options;
  return {
    method: "POST",
    path: `/v1/workflows/${encodePathSegment(trigger.workflow)}/trigger`,
    headers: { ...buildApiHeaders(caller, true), ...(key === null ? {} : { "Idempotency-Key": key }) },
    body: trigger.payload,
  };
}

/** Returns an idempotency key for a trigger without one, so that a retry after a lost response cannot trigger twice. */
export function createIdempotencyKey(ids: { uuid(): string } = systemIds): string {
  return `knock-cli-${ids.uuid()}`;
}

/** Returns a key such as `sk_…redacted`, which still shows whether it is secret or public. */
export function redactApiKey(key: string): string {
  return `${/^(sk|pk)_/.exec(key)?.[0] ?? ""}…redacted`;
}

/** Returns the request with a redacted API key. */
export function redactRequest(request: ApiRequest): ApiRequest {
  const { Authorization: authorization } = request.headers;
  if (authorization === undefined) return request;
  const redactedHeader = `Bearer ${redactApiKey(authorization.replace(/^Bearer /, ""))}`;
  return { ...request, headers: { ...request.headers, Authorization: redactedHeader } };
}
