/** Every exit code of the command. The README documents them. */
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

/** Every error code, with the exit code of the command. */
const ERROR_CODES = {
  usage: EXIT.invalid_input,
  invalid_json: EXIT.invalid_input,
  invalid_params: EXIT.invalid_input,
  payload_too_large: EXIT.invalid_input,
  not_supported: EXIT.configuration,
  project_missing: EXIT.configuration,
  project_invalid: EXIT.configuration,
  workflow_invalid: EXIT.configuration,
  template_invalid: EXIT.configuration,
  warning: EXIT.configuration,
  store_unusable: EXIT.configuration,
  profile_invalid: EXIT.configuration,
  authentication: EXIT.not_allowed,
  not_allowed: EXIT.not_allowed,
  channel_invalid: EXIT.invalid_input,
  workflow_missing: EXIT.not_found,
  actor_missing: EXIT.not_found,
  resource_missing: EXIT.not_found,
  workflow_inactive: EXIT.conflict,
  idempotency_conflict: EXIT.conflict,
  conflict: EXIT.conflict,
  confirmation_needed: EXIT.conflict,
  unreachable: EXIT.unreachable,
  port_in_use: EXIT.unreachable,
  remote_failed: EXIT.unreachable,
  rate_limited: EXIT.rate_limited,
  output_failed: EXIT.failure,
  interrupted: EXIT.interrupted,
  internal: EXIT.internal,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A finding in a document: its JSON pointer ("" for the root), the message, and the value there. */
export interface ErrorDetail {
  pointer: string;
  message: string;
  value?: unknown;
  /** The project's file that contains it, and the location in the file, counted from 1. */
  file?: string;
  line?: number;
  column?: number;
}

interface KnockErrorOptions {
  hint?: string | undefined;
  details?: readonly ErrorDetail[];
  cause?: unknown;
  /** HTTP status of a remote API's response. */
  status?: number;
  request_id?: string | undefined;
}

/** Marks errors of this class. Each bundle has its own copy of the class, so `instanceof` checks for this mark instead. */
const KNOCK_ERROR_MARK = Symbol.for("knock-cli/error");

/** The error for a user's mistake, a missing resource or a failure of the environment, and never for a bug of knock. */
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

/** Returns the error that `--strict` makes of warnings. */
export function toWarningsError(warnings: readonly string[]): KnockError {
  const [first = "", ...others] = warnings;
  const message = others.length === 0 ? first : `${warnings.length} warnings`;
  return new KnockError("warning", `${message} (--strict treats warnings as errors)`, {
    details: warnings.map((text) => ({ pointer: "", message: text })),
    hint: "Fix each warning, or run the command without --strict.",
  });
}

export function getExitCode(error: unknown): number {
  return error instanceof KnockError ? ERROR_CODES[error.code] : ERROR_CODES.internal;
}

/** Returns the message of anything thrown. */
export function getErrorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
