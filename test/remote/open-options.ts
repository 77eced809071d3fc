import type { RemoteOptions } from "../../src/remote/open-remote.js";
import type { StubApi } from "../helpers/stub-api.js";

/** Returns a clock that only sleeping advances, and the durations slept in milliseconds. */
export function createFakeClock(start = Date.parse("2026-03-01T10:00:00Z")): {
  slept: number[];
  now: () => number;
  sleep: (milliseconds: number) => Promise<void>;
} {
  let now = start;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
    },
  };
}

export function buildClientOptions(
  api: Pick<StubApi, "url" | "apiKey">,
  more: Partial<RemoteOptions> = {},
): RemoteOptions {
  return {
    baseUrl: api.url,
    apiKey: api.apiKey,
    branch: null,
    timeoutMs: 60_000,
    userAgent: "knock-cli/test",
    random: () => 0,
    loadResources: () => import("../../src/remote/resources/create-remote-resources.js"),
    ...more,
  };
}

/** Returns the error that a promise is rejected with. Throws if it is fulfilled. */
export async function catchRejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`Expected a rejection, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}
