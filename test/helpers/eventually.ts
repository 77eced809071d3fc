import { setTimeout as sleep } from "node:timers/promises";

/** Limits how long tests wait for a condition. It is far longer than a busy machine needs, so that only a bug reaches it. */
export const WAIT_OPTIONS = { timeout: 200_000, interval: 10 };

/** A pause between two checks is at most this part of the time that has passed, and at most this long. */
const PAUSE_SHARE = 0.1;
const MAX_PAUSE_MS = 200;

/**
 * Waits until `condition` returns a truthy value, and returns it. Throws after the timeout of {@link WAIT_OPTIONS}. Pauses grow with
 * the time that has passed, because many conditions run a command or connect to a database.
 */
export async function eventually<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  const startedAt = performance.now();
  for (;;) {
    const value = await condition();
    if (value) return value;
    const waited = performance.now() - startedAt;
    if (waited > WAIT_OPTIONS.timeout) throw new Error(`did not become true: ${condition}`);
    await sleep(Math.min(MAX_PAUSE_MS, Math.max(WAIT_OPTIONS.interval, waited * PAUSE_SHARE)));
  }
}
