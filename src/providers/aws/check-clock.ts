import type { ApiResponse } from "../call-api.js";
import { createRetryableError } from "../delivery-error.js";

const MINUTE_MS = 60_000;
/** AWS accepts a request's time for five minutes. */
const TOLERANCE_MS = 5 * MINUTE_MS;
/** Errors of a signature that is wrong or too old. */
const CODES: ReadonlySet<unknown> = new Set([
  ...["RequestTimeTooSkewed", "RequestExpired", "SignatureDoesNotMatch", "InvalidSignatureException"],
]);

/**
 * Throws a retryable error if AWS refused a signature because this machine's clock is wrong: the same message can be sent when the
 * clock is right.
 */
export function checkClock(title: string, { headers }: ApiResponse, code: unknown, now: number): void {
  const difference = now - Date.parse(headers.date ?? "");
  if (!CODES.has(code) || !(Math.abs(difference) >= TOLERANCE_MS)) return;
  const minutes = `${Math.round(Math.abs(difference) / MINUTE_MS)} minutes ${difference > 0 ? "ahead of" : "behind"}`;
  throw createRetryableError(`${title}: ${String(code)}: this machine's clock is ${minutes} AWS: set the clock`);
}
