/** A failed attempt: an HTTP response, or `status` null without one. */
interface FailedAttempt {
  status: number | null;
  /** False if a retry cannot help, such as for an untrusted certificate, or if it is not safe. */
  retryable: boolean;
  /** Names are in lower case. */
  headers: Record<string, string>;
}

export interface RetryPolicy {
  /** Attempts after the first one. */
  retries: number;
  random: () => number;
  now: () => number;
}

/** `delay_ms` is null if there is no further attempt. `retry_after_ms` is how long the server asked to wait, or null. */
interface RetryDecision {
  delay_ms: number | null;
  retry_after_ms: number | null;
}

/** Maximum wait before a retry. If the server asks for more, the error says when to try again. */
const MAX_RETRY_WAIT_MS = 60_000;

/** Decides whether and when to try again after a number of retries. */
export function decideRetry(failed: FailedAttempt, retries: number, policy: RetryPolicy): RetryDecision {
  const retryAfterMs = readRetryAfter(failed.headers, policy.now());
  if (retries >= policy.retries || !isRetryable(failed) || (retryAfterMs ?? 0) > MAX_RETRY_WAIT_MS) {
    return { delay_ms: null, retry_after_ms: retryAfterMs };
  }
  return { delay_ms: retryAfterMs ?? computeBackoff(retries, policy.random()), retry_after_ms: retryAfterMs };
}

function isRetryable({ status, retryable, headers }: FailedAttempt): boolean {
  if (status === null || !retryable) return retryable;
  const shouldRetry = headers["x-should-retry"];
  if (shouldRetry === "true") return true;
  if (shouldRetry === "false") return false;
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

function computeBackoff(retries: number, random: number): number {
  return Math.round(Math.min(0.5 * 2 ** retries, 8) * (1 - random * 0.25) * 1_000);
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Returns the milliseconds of `retry-after-ms` or `retry-after`; null if they are missing, past or malformed. */
function readRetryAfter(headers: Record<string, string>, now: number): number | null {
  const milliseconds = parseAmount(headers["retry-after-ms"]);
  if (milliseconds !== null) return Math.round(milliseconds);
  const text = headers["retry-after"]?.trim();
  const seconds = parseAmount(text);
  if (seconds !== null) return Math.round(seconds * 1_000);
  if (text === undefined || !HTTP_DATE.test(text)) return null;
  // Measured by the server's own clock if it is known, because the local clock may be off by more than the wait.
  const from = HTTP_DATE.test(headers.date ?? "") ? Date.parse(headers.date as string) : now;
  const until = Date.parse(text) - from;
  return until >= 0 ? until : null;
}

function parseAmount(text: string | undefined): number | null {
  return text !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : null;
}
