/** Every exit code of the command, once. The README says what each means. */
export const EXIT = {
  success: 0,
  /** Completed, but the outcome was a failure. */
  failure: 1,
  invalid_input: 2,
  configuration: 3,
  not_allowed: 4,
  not_found: 5,
  conflict: 6,
  unreachable: 7,
  rate_limited: 8,
  /** Some recipients or triggers succeeded and some failed. */
  partial: 9,
  /** The time given to `--wait` passed before every run had ended. */
  timed_out: 10,
  internal: 70,
  /** By SIGINT. */
  interrupted: 130,
  /** By SIGTERM. */
  terminated: 143,
} as const;

/** Every error code, once: its exit code on the command line and its status over HTTP. */
const ERROR_CODES = {
  usage: { exit: EXIT.invalid_input, http: 400 },
  invalid_json: { exit: EXIT.invalid_input, http: 400 },
  invalid_params: { exit: EXIT.invalid_input, http: 422 },
  payload_too_large: { exit: EXIT.invalid_input, http: 413 },
  not_supported: { exit: EXIT.configuration, http: 501 },
  project_missing: { exit: EXIT.configuration, http: 500 },
  project_invalid: { exit: EXIT.configuration, http: 500 },
  workflow_invalid: { exit: EXIT.configuration, http: 422 },
  template_invalid: { exit: EXIT.configuration, http: 422 },
  warning: { exit: EXIT.configuration, http: 422 },
  store_unusable: { exit: EXIT.configuration, http: 500 },
  profile_invalid: { exit: EXIT.configuration, http: 500 },
  authentication: { exit: EXIT.not_allowed, http: 401 },
  not_allowed: { exit: EXIT.not_allowed, http: 403 },
  channel_invalid: { exit: EXIT.invalid_input, http: 422 },
  workflow_missing: { exit: EXIT.not_found, http: 404 },
  actor_missing: { exit: EXIT.not_found, http: 422 },
  resource_missing: { exit: EXIT.not_found, http: 404 },
  workflow_inactive: { exit: EXIT.conflict, http: 422 },
  idempotency_conflict: { exit: EXIT.conflict, http: 422 },
  conflict: { exit: EXIT.conflict, http: 409 },
  confirmation_needed: { exit: EXIT.conflict, http: 409 },
  unreachable: { exit: EXIT.unreachable, http: 502 },
  port_in_use: { exit: EXIT.unreachable, http: 500 },
  remote_failed: { exit: EXIT.unreachable, http: 502 },
  rate_limited: { exit: EXIT.rate_limited, http: 429 },
  output_failed: { exit: EXIT.failure, http: 500 },
  interrupted: { exit: EXIT.interrupted, http: 500 },
  internal: { exit: EXIT.internal, http: 500 },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

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
const KNOCK_ERROR_MARK = Symbol.for("knock-cli/error");

/** The one error type: a user's mistake, a missing thing or a fault of the surroundings, never a bug of ours. */
export class KnockError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && KNOCK_ERROR_MARK in value;
  }

  override readonly name = "KnockError";
  readonly [KNOCK_ERROR_MARK] = true;
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

/** Turns warnings into the error that `--strict` makes of them. */
export function toWarningsError(warnings: readonly string[]): KnockError {
  const [first = "", ...others] = warnings;
  const message = others.length === 0 ? first : `${warnings.length} warnings`;
  return new KnockError("warning", `${message} (--strict treats warnings as errors)`, {
    details: warnings.map((text) => ({ pointer: "", message: text })),
    hint: "Fix each warning, or run the command without --strict.",
  });
}

export function getExitCode(error: unknown): number {
  return error instanceof KnockError ? ERROR_CODES[error.code].exit : ERROR_CODES.internal.exit;
}

export function getHttpStatus(error: unknown): number {
  return error instanceof KnockError ? ERROR_CODES[error.code].http : ERROR_CODES.internal.http;
}

/** The message of anything thrown. */
export function getErrorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
