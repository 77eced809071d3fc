import { vi } from "vitest";

/** How long tests wait for a condition: far longer than a busy machine needs, so that only a bug reaches the limit. */
export const WAIT_OPTIONS = { timeout: 90_000, interval: 10 };

/** Waits until `look` returns a truthy value, and returns it. Throws when {@link WAIT_OPTIONS} runs out. */
export function eventually<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  return vi.waitUntil(condition, WAIT_OPTIONS) as Promise<NonNullable<T>>;
}
