import type { ErrorCode } from "../errors/error-codes.js";
import { type ErrorDetail, KnockError } from "../errors/knock-error.js";
import { formatDuration } from "../util/duration.js";
import { isJsonObject, toPointer } from "../util/json.js";
import type { Redact } from "./create-redact.js";
import { type ApiResponse, getRequestId, NOT_KNOCK_API_HINT } from "./response-reader.js";

export interface ErrorContext {
  host: string;
  branch: string | null;
  tries: number;
  /** The time that the server asked to wait before the next attempt, in milliseconds; null if it did not. */
  retry_after_ms: number | null;
  redact: Redact;
}

const MAX_DETAILS = 100;

const CODE_BY_STATUS: Record<number, ErrorCode> = {
  401: "authentication",
  403: "not_allowed",
  404: "resource_missing",
  408: "unreachable",
  409: "conflict",
  413: "payload_too_large",
  429: "rate_limited",
};

/** The API's own error codes that are more specific than the status (A-030i to A-030k). */
const CODE_BY_API_CODE: Record<string, ErrorCode> = {
  workflow_missing: "workflow_missing",
  workflow_inactive: "workflow_inactive",
  actor_missing: "actor_missing",
  too_much_due_work: "too_much_due_work",
};

/**
 * Returns the error for a response that is not 2xx, with the API's message, code and `errors`. Never throws, whatever the body
 * contains (A-020 to A-026, A-030).
 */
export function toApiError(response: ApiResponse, context: ErrorContext): KnockError {
  const { host, redact } = context;
  const body = parseErrorBody(response.text, redact);
  const common = { status: response.status, request_id: getRequestId(response, redact), attempts: context.tries };
  const code = findErrorCode(response.status, body);
  if (code === null) {
    const location = response.headers.location;
    return new KnockError("remote_failed", `${host} did not respond like the Knock API (HTTP ${response.status})`, {
      hint:
        location === undefined
          ? NOT_KNOCK_API_HINT
          : `It redirects to ${redact(location)}; redirects are not followed. ${NOT_KNOCK_API_HINT}`,
      ...common,
    });
  }
  return new KnockError(code, formatMessage(code, response.status, body, context), {
    hint: getHint(code, body, context),
    details: body.details,
    ...common,
  });
}

interface ErrorBody {
  /** The API's own code; null if the body has none and therefore is not the API's. */
  code: string | null;
  message: string | null;
  details: ErrorDetail[];
}

function parseErrorBody(text: string, redact: Redact): ErrorBody {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (!isJsonObject(value)) return { code: null, message: null, details: [] };
  const { code, message, errors } = value;
  return {
    code: typeof code === "string" ? redact(code) : null,
    message: typeof message === "string" && message.trim() !== "" ? redact(message) : null,
    details: (Array.isArray(errors) ? errors : [])
      .slice(0, MAX_DETAILS)
      .flatMap((entry) => toErrorDetails(entry, redact)),
  };
}

function toErrorDetails(entry: unknown, redact: Redact): ErrorDetail[] {
  if (!isJsonObject(entry)) return [];
  const { field, message } = entry;
  const pointer = typeof field === "string" ? toFieldPointer(redact(field)) : "";
  return [{ pointer, message: typeof message === "string" ? redact(message) : "is not valid" }];
}

/** Converts the name of a field to a JSON pointer: `recipients[0].id` → `/recipients/0/id` (ACQ-2). */
export function toFieldPointer(field: string): string {
  return toPointer(field.split(/[.[\]]+/).filter((part) => part !== ""));
}

function findErrorCode(status: number, body: ErrorBody): ErrorCode | null {
  if (status >= 500) return "remote_failed";
  if (status < 400) return null;
  // A proxy's page does not show that the API misses something or finds it invalid.
  if (body.code === null && !(status in CODE_BY_STATUS && status !== 404)) return null;
  if (status === 404 || status === 422 || status === 429) {
    const ownCode = CODE_BY_API_CODE[body.code ?? ""];
    if (ownCode !== undefined) return ownCode;
    // The API has no code of its own for a key that is used again with another payload (Q-2).
    if (body.details.some(({ pointer }) => /^\/idempotency[_-]key$/i.test(pointer))) return "idempotency_conflict";
  }
  return CODE_BY_STATUS[status] ?? "invalid_params";
}

const FALLBACK_MESSAGES: Partial<Record<ErrorCode, string>> = {
  authentication: "the API did not accept the key",
  not_allowed: "the API does not allow this with this key",
  resource_missing: "the API did not find the resource",
  workflow_missing: "the API did not find the workflow",
  conflict: "the API reports a conflict",
  payload_too_large: "the request is too large for the API",
  rate_limited: "the API limits the number of requests",
};

function formatMessage(code: ErrorCode, status: number, body: ErrorBody, { host, tries }: ErrorContext): string {
  const apiMessage =
    body.message === null
      ? null
      : `${body.message}${body.code === null || body.code === code ? "" : ` (${body.code})`}`;
  const times = tries > 1 ? ` after ${tries} tries` : "";
  if (code === "remote_failed")
    return `${host} failed with HTTP ${status}${times}${apiMessage === null ? "" : `: ${apiMessage}`}`;
  if (code === "unreachable")
    return `${host} timed out while waiting for the request (HTTP ${status})${times}${apiMessage === null ? "" : `: ${apiMessage}`}`;
  return apiMessage ?? FALLBACK_MESSAGES[code] ?? `the API refused the request (HTTP ${status})`;
}

function getHint(code: ErrorCode, body: ErrorBody, context: ErrorContext): string | undefined {
  const { branch, retry_after_ms: retryAfterMs } = context;
  const where = branch === null ? "the key's environment" : `branch "${branch}"`;
  if (retryAfterMs !== null && retryAfterMs > 0)
    return `Try again in ${formatDuration(Math.max(retryAfterMs, 1_000))}.`;
  if (body.code === null && (code === "authentication" || code === "not_allowed")) return NOT_KNOCK_API_HINT;
  switch (code) {
    case "authentication":
      return "Check the key: --api-key, KNOCK_API_KEY, or `knock auth login`.";
    case "not_allowed":
      return "Use a secret key (sk_…) with the required permission.";
    case "workflow_missing":
      return `Check that it is committed in ${where}.`;
    case "resource_missing":
      return `Check that it exists in ${where}. --dry-run shows the request.`;
    case "conflict":
      return "Another request is changing the same resource. Try again.";
    case "workflow_inactive":
      return `Activate it in ${where}.`;
    case "actor_missing":
      return "Give the actor inline, with its properties, to identify it.";
    case "idempotency_conflict":
      return "The idempotency key was used with another payload in the last 24 hours. Use another key.";
    case "rate_limited":
    case "remote_failed":
      return "Try again later.";
    default:
      return undefined;
  }
}
