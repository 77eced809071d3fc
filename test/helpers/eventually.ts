import { vi } from "vitest";

/** Limits how long tests wait for a condition. It is far longer than a busy machine needs, so that only a bug reaches it. */
export const WAIT_OPTIONS = { timeout: 90_000, interval: 10 };

/** Waits until `condition` returns a truthy value, and returns it. Throws after the timeout of {@link WAIT_OPTIONS}. */
export function eventually<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  return vi.waitUntil(condition, WAIT_OPTIONS) as Promise<NonNullable<T>>;
}
