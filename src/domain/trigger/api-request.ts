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
export function buildApiHeaders({ apiKey, branch, userAgent }: ApiCaller, hasBody: boolean): Record<string, string> {
  const headers: Record<string, string> = {};
  if (apiKey !== null) headers.Authorization = `Bearer ${apiKey}`;
  if (hasBody) headers["Content-Type"] = "application/json";
  headers.Accept = "application/json";
  if (userAgent !== undefined) headers["User-Agent"] = userAgent;
  if (branch !== null) headers["X-Knock-Branch"] = branch;
  return headers;
}

/**
 * Returns an ID as a path segment, percent-encoded except for `$`. `.` and `..` are also encoded, because a
 * proxy would resolve them as parent folders.
 */
export function encodePathSegment(id: string): string {
  if (id === "." || id === "..") return id.replaceAll(".", "%2E");
  return encodeURIComponent(id.toWellFormed()).replaceAll("%24", "$");
}

/**
 * Returns the request that triggers a workflow. If `idempotency_key` is null, the header is omitted.
 * Callers that send or show the request should pass `createIdempotencyKey()`.
 */
export function buildTriggerRequest(
  trigger: Trigger,
  caller: ApiCaller & { idempotency_key: string | null },
): ApiRequest {
  const headers = buildApiHeaders(caller, true);
  if (caller.idempotency_key !== null) headers["Idempotency-Key"] = caller.idempotency_key;
  return {
    method: "POST",
    path: `/v1/workflows/${encodePathSegment(trigger.workflow)}/trigger`,
    headers,
    body: trigger.payload,
  };
}

/** Returns an idempotency key for a trigger without one, so that a retry after a lost response cannot trigger twice. */
export function createIdempotencyKey(ids: { uuid(): string } = systemIds): string {
  return `knock-cli-${ids.uuid()}`;
}

/** Returns a key or token such as `sk_…redacted`, which still shows its kind. */
export function redactApiKey(key: string): string {
  return `${/^(sk|pk|knock_st)_/.exec(key)?.[0] ?? ""}…redacted`;
}

/** Returns the request with a redacted API key, also where its body contains the key. */
export function redactRequest(request: ApiRequest): ApiRequest {
  const { Authorization: authorization } = request.headers;
  if (authorization === undefined) return request;
  const key = authorization.replace(/^Bearer /, "");
  const redacted = redactApiKey(key);
  const body = JSON.stringify(request.body);
  return {
    ...request,
    headers: { ...request.headers, Authorization: `Bearer ${redacted}` },
    body: body.includes(key) ? JSON.parse(body.replaceAll(key, redacted)) : request.body,
  };
}
