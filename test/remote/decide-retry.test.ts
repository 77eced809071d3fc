import { describe, expect, it } from "vitest";
import { decideRetry } from "../../src/remote/decide-request-retry.js";

const NOW = Date.parse("2026-03-01T10:00:00Z");
const policy = { retries: 2, random: () => 0, now: () => NOW };
const failed = (status: number | null, headers: Record<string, string> = {}) => ({ status, retryable: true, headers });

describe("whether to retry (A-040)", () => {
  it.each([408, 409, 429, 500, 502, 503, 504, 599])("includes HTTP %i", (status) => {
    expect(decideRetry(failed(status), 0, policy).delay_ms).toBe(500);
  });

  it.each([300, 301, 400, 401, 403, 404, 405, 413, 418, 422])("excludes HTTP %i", (status) => {
    expect(decideRetry(failed(status), 0, policy).delay_ms).toBeNull();
  });

  it("includes a failed connection, unless a retry cannot help", () => {
    expect(decideRetry(failed(null), 0, policy).delay_ms).toBe(500);
    expect(decideRetry({ ...failed(null), retryable: false }, 0, policy).delay_ms).toBeNull();
  });

  it("follows x-should-retry for any status", () => {
    expect(decideRetry(failed(422, { "x-should-retry": "true" }), 0, policy).delay_ms).toBe(500);
    expect(decideRetry(failed(503, { "x-should-retry": "false" }), 0, policy).delay_ms).toBeNull();
    expect(decideRetry(failed(503, { "x-should-retry": "maybe" }), 0, policy).delay_ms).toBe(500);
  });

  it("respects the configured number, even if the server requests more", () => {
    expect(decideRetry(failed(503), 1, policy).delay_ms).toBe(1_000);
    expect(decideRetry(failed(503), 2, policy).delay_ms).toBeNull();
    expect(decideRetry(failed(503, { "x-should-retry": "true" }), 2, policy).delay_ms).toBeNull();
    expect(decideRetry(failed(503), 0, { ...policy, retries: 0 }).delay_ms).toBeNull();
  });
});

describe("the retry delay (A-041)", () => {
  it.each([
    [0, 0, 500],
    [0, 1, 375],
    [1, 0, 1_000],
    [2, 0.5, 1_750],
    [4, 0, 8_000],
    [9, 0, 8_000],
    [9, 1, 6_000],
  ])("is after %i retries with chance %d: %i ms", (tried, chance, delay) => {
    expect(decideRetry(failed(500), tried, { ...policy, retries: 99, random: () => chance }).delay_ms).toBe(delay);
  });

  it.each([
    [{ "retry-after-ms": "120" }, 120],
    [{ "retry-after-ms": "120", "retry-after": "9" }, 120],
    [{ "retry-after-ms": "soon", "retry-after": "9" }, 9_000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "1.5" }, 1_500],
    [{ "retry-after": "60" }, 60_000],
    [{ "retry-after": "Sun, 01 Mar 2026 10:00:05 GMT" }, 5_000],
    [{ "retry-after": "Sun, 01 Mar 2026 12:00:05 GMT", date: "Sun, 01 Mar 2026 12:00:00 GMT" }, 5_000],
  ])("is for headers %j: %i ms", (headers: Record<string, string>, delay) => {
    expect(decideRetry(failed(429, headers), 0, policy)).toEqual({ delay_ms: delay, retry_after_ms: delay });
  });

  it.each([
    { "retry-after": "-1" },
    { "retry-after": "tomorrow" },
    { "retry-after": "" },
    { "retry-after": "Sun, 01 Mar 2026 09:00:00 GMT" },
    { "retry-after": "2099-01-01" },
    { "retry-after-ms": "1e9" },
  ] as Record<string, string>[])("does not depend on headers %j", (headers) => {
    expect(decideRetry(failed(429, headers), 0, policy)).toEqual({ delay_ms: 500, retry_after_ms: null });
  });

  it.each([
    [{ "retry-after": "61" }, 61_000],
    [{ "retry-after-ms": "3600000" }, 3_600_000],
    [{ "retry-after": "Sun, 01 Mar 2026 11:00:00 GMT" }, 3_600_000],
  ])("is too long to wait for headers %j", (headers: Record<string, string>, asked) => {
    expect(decideRetry(failed(429, headers), 0, policy)).toEqual({ delay_ms: null, retry_after_ms: asked });
  });
});
