import { formatPointer } from "../../../../domain/findings/describe-finding.js";
import type { ErrorCode } from "../../../../errors/error-codes.js";
import { KnockError } from "../../../../errors/knock-error.js";
import { findNearest } from "../../../../util/find-nearest.js";
import type { JsonObject } from "../../../../util/json.js";

type ApiErrorType = "authentication_error" | "invalid_request_error" | "api_error";

interface FieldError {
  /** The path of the invalid value, such as `recipients[0].id` (ACQ-2). */
  field: string;
  message: string;
}

/**
 * An error response with the API's own code. {@link toApiError} converts a `KnockError` to one.
 */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors: readonly FieldError[] = [],
  ) {
    super(message);
  }

  get type(): ApiErrorType {
    if (this.status === 401 || this.status === 403) return "authentication_error";
    return this.status === 404 || this.status === 429 || this.status >= 500 ? "api_error" : "invalid_request_error";
  }

  get body(): JsonObject {
    const { code, message, status, type } = this;
    const errors = this.errors.map((error) => ({ ...error, type: null }));
    return { code, message, status, type, ...(errors.length > 0 ? { errors } : {}) };
  }
}

export function createInvalidFieldError(field: string, message: string): ApiError {
  return new ApiError(422, "invalid_params", `${field || "the body"} ${message}`, [{ field, message }]);
}

/** Returns a 422 for an unknown name. The message suggests the nearest known name, or lists all known names. */
export function createUnknownNameError(field: string, value: string, known: readonly string[]): ApiError {
  const near = findNearest(value, known);
  const hint = near === undefined ? `it may be ${known.join(", ")}` : `did you mean "${near}"?`;
  return createInvalidFieldError(field, `is unknown: ${JSON.stringify(value)}; ${hint}`);
}

export function createNotFoundError(message = "The resource you requested does not exist"): ApiError {
  return new ApiError(404, "resource_missing", message);
}

/**
 * The status and code of each `KnockError` in the API, where they differ from those of the command line (Q-1 to Q-3,
 *
 */
const API_ERRORS_BY_CODE: Partial<Record<ErrorCode, [status: number, code: string]>> = {
  usage: [422, "invalid_params"],
  invalid_json: [400, "invalid_params"],
  invalid_params: [422, "invalid_params"],
  payload_too_large: [413, "invalid_params"],
  workflow_missing: [404, "workflow_missing"],
  resource_missing: [404, "resource_missing"],
  workflow_inactive: [422, "workflow_inactive"],
  actor_missing: [422, "actor_missing"],
  channel_invalid: [422, "channel_invalid"],
  idempotency_conflict: [422, "invalid_params"],
  workflow_invalid: [422, "workflow_invalid"],
  template_invalid: [422, "template_invalid"],
  warning: [422, "invalid_params"],
  authentication: [401, "authentication_required"],
  conflict: [422, "conflict"],
  not_supported: [501, "not_supported"],
  too_much_due_work: [429, "too_much_due_work"],
  project_invalid: [500, "project_invalid"],
  store_unusable: [503, "store_unusable"],
  unreachable: [503, "unreachable"],
};

/**
 * Converts a thrown value to an API error. Returns null if the value is neither an `ApiError` nor a `KnockError`, which
 * means a bug in the emulator.
 */
export function toApiError(error: unknown): ApiError | null {
  if (error instanceof ApiError) return error;
  if (!(error instanceof KnockError)) return null;
  const [status, code] = API_ERRORS_BY_CODE[error.code] ?? [500, error.code];
  const errors =
    status === 404
      ? []
      : error.details.map(({ pointer, message }) => ({ field: formatPointer(pointer, "", false), message }));
  // HTTP clients see no hints, but the nearest name belongs to the error.
  const { correction } = error;
  const message =
    correction === undefined ? error.message : `${error.message}; ${correction.hint.replace("Did", "did")}`;
  return new ApiError(status, code, message, errors);
}

/**
 * Returns the error that a client receives; `error` is null for a bug. On the internet, errors of the server have no details: their
 * messages name addresses and files.
 */
export function toSentError(error: ApiError | null, isPublic: boolean): ApiError {
  const isHidden = isPublic && (error === null || (error.status >= 500 && error.status !== 501));
  if (error !== null && !isHidden) return error;
  const { status, code } = error ?? { status: 500, code: "internal" };
  if (!isPublic) return new ApiError(status, code, "Internal error of the emulator. See its output for details");
  return new ApiError(status, code, status === 503 ? "The API is not available now" : "Internal error of the API");
}
