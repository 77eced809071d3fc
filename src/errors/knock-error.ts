/** Every error code, once: its exit code on the command line and its status over HTTP. */
const CODES = {
  usage: { exit: 2, http: 400 },
  invalid_json: { exit: 2, http: 400 },
  invalid_params: { exit: 2, http: 422 },
  payload_too_large: { exit: 2, http: 413 },
  not_supported: { exit: 3, http: 501 },
  project_missing: { exit: 3, http: 500 },
  project_invalid: { exit: 3, http: 500 },
  workflow_invalid: { exit: 3, http: 422 },
  template_invalid: { exit: 3, http: 422 },
  store_unusable: { exit: 3, http: 500 },
  profile_invalid: { exit: 3, http: 500 },
  authentication: { exit: 4, http: 401 },
  not_allowed: { exit: 4, http: 403 },
  channel_invalid: { exit: 2, http: 422 },
  workflow_missing: { exit: 5, http: 404 },
  actor_missing: { exit: 5, http: 422 },
  resource_missing: { exit: 5, http: 404 },
  workflow_inactive: { exit: 6, http: 422 },
  idempotency_conflict: { exit: 6, http: 422 },
  conflict: { exit: 6, http: 409 },
  confirmation_needed: { exit: 6, http: 409 },
  unreachable: { exit: 7, http: 502 },
  remote_failed: { exit: 7, http: 502 },
  rate_limited: { exit: 8, http: 429 },
  output_failed: { exit: 1, http: 500 },
  interrupted: { exit: 130, http: 500 },
  internal: { exit: 70, http: 500 },
} as const;

export type ErrorCode = keyof typeof CODES;

/** One fault inside a document: where it is (JSON pointer, "" for the root), what is wrong, and what stood there. */
export interface ErrorDetail {
  pointer: string;
  message: string;
  value?: unknown;
  /** Of a file of the project: which, and where in it, counted from 1. */
  file?: string;
  line?: number;
  column?: number;
}

export interface KnockErrorOptions {
  hint?: string | undefined;
  details?: readonly ErrorDetail[];
  cause?: unknown;
  /** HTTP status that a remote API answered. */
  status?: number;
  request_id?: string | undefined;
}

/** Bundles have a copy of this class each: an error is one of ours by this mark, whichever copy made it. */
const MARK = Symbol.for("knock-cli/error");

/** The one error type: a user's mistake, a missing thing or a fault of the surroundings, never a bug of ours. */
export class KnockError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && MARK in value;
  }

  override readonly name = "KnockError";
  readonly [MARK] = true;
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: readonly ErrorDetail[];
  readonly status: number | undefined;
  readonly request_id: string | undefined;

  constructor(code: ErrorCode, message: string, options: KnockErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? [];
    this.status = options.status;
    this.request_id = options.request_id;
  }
}

export function exitCodeOf(error: unknown): number {
  return error instanceof KnockError ? CODES[error.code].exit : CODES.internal.exit;
}

export function httpStatusOf(error: unknown): number {
  return error instanceof KnockError ? CODES[error.code].http : CODES.internal.http;
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
