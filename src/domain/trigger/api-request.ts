import { systemIds } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import type { Trigger } from "./trigger.js";

/** A request to the API as it goes out. `path` starts at `/v1` and holds the query. */
export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  headers: Record<string, string>;
  body: JsonObject | null;
}

interface ApiCaller {
  /** Null leaves the header out, as a dry run without a key does. */
  apiKey: string | null;
  branch: string | null;
  userAgent?: string;
}

/** */
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
 * One id as a path segment: percent-encoded, `$` left as it is. Dots alone are encoded too, because a proxy
 * would otherwise walk up the path.
 */
export function encodePathSegment(id: string): string {
  if (id === "." || id === "..") return id.replaceAll(".", "%2E");
  return encodeURIComponent(id.replace(/\p{Surrogate}/gu, "\ufffd")).replaceAll("%24", "$");
}

/**
 * The request that triggers a workflow. `idempotency_key` null leaves the header out: whoever sends it,
 * or shows it as what would be sent, hands in `newIdempotencyKey()`.
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

/** Sent where the caller gave no key, so that a retry after a lost answer cannot trigger twice. */
export function createIdempotencyKey(ids: { uuid(): string } = systemIds): string {
  return `knock-cli-${ids.uuid()}`;
}

/** `sk_…redacted`: enough to tell a secret key from a public one. */
export function redactApiKey(key: string): string {
  return `${/^(sk|pk)_/.exec(key)?.[0] ?? ""}…redacted`;
}

/** The same request, fit to be shown. */
export function redactRequest(request: ApiRequest): ApiRequest {
  const { Authorization: authorization } = request.headers;
  if (authorization === undefined) return request;
  const redactedHeader = `Bearer ${redactApiKey(authorization.replace(/^Bearer /, ""))}`;
  return { ...request, headers: { ...request.headers, Authorization: redactedHeader } };
}
