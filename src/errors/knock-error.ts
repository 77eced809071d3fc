import { type Correction, type Hint, toHintText } from "../util/find-nearest.js";
import { ERROR_CODES, type ErrorCode } from "./error-codes.js";

/**
 * Returns the promise's value or its `KnockError`, so that the step that needs the value reports the error and other
 * runs continue.
 */
export async function catchKnockError<T>(promise: Promise<T>): Promise<T | KnockError> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof KnockError) return error;
    throw error;
  }
}

/** A finding in a document: its JSON pointer ("" for the root), the message, and the value there. */
export interface ErrorDetail {
  pointer: string;
  message: string;
  value?: unknown;
  /** The only possible correction of an unknown key. */
  suggested_key?: string;
  /** The project's file that contains it, and the location in the file, counted from 1. */
  file?: string;
  line?: number;
  column?: number;
}

interface KnockErrorOptions {
  /** The next step: a text, or a correction of the command line with its text. */
  hint?: Hint | undefined;
  details?: readonly ErrorDetail[];
  cause?: unknown;
  /** HTTP status of a remote API's response. */
  status?: number | undefined;
  request_id?: string | undefined;
  /** The number of requests that were sent until the API's error was final. */
  attempts?: number | undefined;
  /** Whether the same process fails again until it is restarted. */
  needsRestart?: boolean | undefined;
}

/** Identifies errors of this class. Each bundle has its own copy of the class, so `instanceof` checks for this symbol instead. */
const KNOCK_ERROR = Symbol.for("knock-cli/error");

/** The error for a user's mistake, a missing resource or a failure of the environment, and never for a bug in knock. */
export class KnockError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && KNOCK_ERROR in value;
  }

  override readonly name = "KnockError";
  readonly [KNOCK_ERROR] = true;
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** The words of the command line to replace, if the hint says what was meant. */
  readonly correction: Correction | undefined;
  readonly details: readonly ErrorDetail[];
  readonly status: number | undefined;
  readonly request_id: string | undefined;
  readonly attempts: number | undefined;
  readonly needsRestart: boolean;

  constructor(code: ErrorCode, message: string, options: KnockErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = toHintText(options.hint);
    this.correction = typeof options.hint === "object" ? options.hint : undefined;
    this.details = options.details ?? [];
    this.status = options.status;
    this.request_id = options.request_id;
    this.attempts = options.attempts;
    this.needsRestart = options.needsRestart ?? false;
  }

  /** Returns a copy with another message, hint or details. It keeps the code and the facts of the API's response. */
  copyWith(changes: Pick<KnockErrorOptions, "hint" | "details"> & { message?: string }): KnockError {
    const { message, details, status, request_id, attempts, needsRestart } = this;
    const hint = this.correction ?? this.hint;
    const { message: newMessage = message, ...options } = changes;
    return new KnockError(this.code, newMessage, {
      hint,
      details,
      status,
      request_id,
      attempts,
      needsRestart,
      cause: this,
      ...options,
    });
  }
}

/** A warning in the form of an error: the message in lower case without a full stop, and instructions as the hint. */
export interface Warning {
  message: string;
  hint?: string | undefined;
}

/** Returns the error that `--strict` makes of warnings. A text is a warning without a hint. */
export function toWarningsError(warnings: readonly (string | Warning)[]): KnockError {
  const all = warnings.map((warning) => (typeof warning === "string" ? { message: warning } : warning));
  const [first, ...others] = all;
  const message = first !== undefined && others.length === 0 ? first.message : `${all.length} warnings`;
  const hints = [...new Set(all.flatMap(({ hint }: Warning) => hint ?? []))];
  return new KnockError("warning", `${message} (--strict treats warnings as errors)`, {
    details: all.map((warning) => ({ pointer: "", message: warning.message })),
    hint: [
      ...hints,
      `${others.length === 0 ? "Fix the warning" : "Fix each warning"}, or run the command without --strict.`,
    ].join(" "),
  });
}

export function getExitCode(error: unknown): number {
  return error instanceof KnockError ? ERROR_CODES[error.code].exit : ERROR_CODES.internal.exit;
}

/** Returns the message of anything thrown. */
export function getErrorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
