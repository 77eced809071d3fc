/** What a try came to, as far as retrying cares: an HTTP answer, or none (`status` null). */
export interface FailedTry {
  status: number | null;
  /** False where trying again cannot help, as with a certificate that is not trusted. */
  retryable: boolean;
  /** Lower-case names. */
  headers: Record<string, string>;
}

export interface RetryPolicy {
  /** Tries after the first. */
  retries: number;
  random: () => number;
  now: () => number;
}

/** `delay_ms` null: no further try. `asked_ms` is how long the server asked to wait, where it did. */
export interface RetryDecision {
  delay_ms: number | null;
  asked_ms: number | null;
}

/** A longer wait than this is not sat out: the caller is told when to come back. */
export const LONGEST_WAIT_MS = 60_000;

/** Whether and when to try again after `tried` retries. */
export function decideRetry(failed: FailedTry, tried: number, policy: RetryPolicy): RetryDecision {
  const asked = askedDelay(failed.headers, policy.now());
  if (tried >= policy.retries || !isRetryable(failed) || (asked ?? 0) > LONGEST_WAIT_MS) {
    return { delay_ms: null, asked_ms: asked };
  }
  return { delay_ms: asked ?? backoff(tried, policy.random()), asked_ms: asked };
}

function isRetryable({ status, retryable, headers }: FailedTry): boolean {
  if (status === null) return retryable;
  const told = headers["x-should-retry"];
  if (told === "true") return true;
  if (told === "false") return false;
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

function backoff(tried: number, random: number): number {
  return Math.round(Math.min(0.5 * 2 ** tried, 8) * (1 - random * 0.25) * 1_000);
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Milliseconds of `retry-after-ms` or `retry-after`; null where they are absent, past or not in form. */
function askedDelay(headers: Record<string, string>, now: number): number | null {
  const milliseconds = amount(headers["retry-after-ms"]);
  if (milliseconds !== null) return Math.round(milliseconds);
  const text = headers["retry-after"]?.trim();
  const seconds = amount(text);
  if (seconds !== null) return Math.round(seconds * 1_000);
  if (text === undefined || !HTTP_DATE.test(text)) return null;
  // Measured against the server's own clock where it tells it: ours may be off by more than the wait.
  const from = HTTP_DATE.test(headers.date ?? "") ? Date.parse(headers.date as string) : now;
  const until = Date.parse(text) - from;
  return until >= 0 ? until : null;
}

function amount(text: string | undefined): number | null {
  return text !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : null;
}
