import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { getExitCode, KnockError } from "../../src/errors/knock-error.js";
import { createRedact } from "../../src/remote/create-redact.js";
import { type ErrorContext, toApiError, toFieldPointer } from "../../src/remote/to-api-error.js";
import { getPropertyRuns } from "../helpers/get-property-runs.js";

const KEY = "sk_test_0123456789abcdefghij";
const context: ErrorContext = {
  host: "api.example.com",
  branch: null,
  tries: 1,
  retry_after_ms: null,
  redact: createRedact(KEY),
};

function errorFor(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
  more: Partial<ErrorContext> = {},
): KnockError {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return toApiError({ status, headers: { "x-request-id": "req_1", ...headers }, text }, { ...context, ...more });
}

const api = (code: string, status: number, errors?: unknown) => ({
  code,
  message: "Said so",
  status,
  type: "x",
  ...(errors ? { errors } : {}),
});

describe("toApiError", () => {
  it.each([
    // rule, status, the API's code, the command's code, exit code
    ["A-030a", 401, "authentication_required", "authentication", 4],
    ["A-030b", 401, "api_key_missing", "authentication", 4],
    ["A-030c", 401, "api_key_expired", "authentication", 4],
    ["A-024", 401, "bearer_token_invalid", "authentication", 4],
    ["A-030d", 403, "incorrect_token_type", "not_allowed", 4],
    ["A-030i", 404, "workflow_missing", "workflow_missing", 5],
    ["A-030m", 404, "resource_missing", "resource_missing", 5],
    ["A-030j", 422, "workflow_inactive", "workflow_inactive", 6],
    ["A-030k", 422, "actor_missing", "actor_missing", 5],
    ["A-030h", 422, "invalid_params", "invalid_params", 2],
    ["A-030l", 422, "channel_invalid", "invalid_params", 2],
    ["Q-3", 400, "invalid_params", "invalid_params", 2],
    ["Q-30", 413, "invalid_params", "payload_too_large", 2],
    ["A-043", 409, "conflict", "conflict", 6],
    ["A-044", 429, "too_many_requests", "rate_limited", 8],
    ["A-026", 410, "gone", "invalid_params", 2],
    ["A-026", 500, "server_error", "remote_failed", 7],
    ["A-026", 503, "maintenance", "remote_failed", 7],
  ])("%s maps HTTP %i %s to %s, exit %i", (_rule, status, code, ours, exit) => {
    const error = errorFor(status, api(code, status));
    expect(error).toMatchObject({ code: ours, status, request_id: "req_1" });
    expect(getExitCode(error)).toBe(exit);
    expect(error.message).toContain("Said so");
    // The API's code stays visible if the command's code differs.
    expect(code === ours || error.message.includes(code) || ours === "remote_failed").toBe(true);
  });

  it("A-023, ACQ-2 converts fields to JSON pointers and keeps messages", () => {
    const errors = [
      { field: "recipients[0].id", message: "is required", type: null },
      { field: "data.name", message: "must be a string", type: null },
      { field: 7, message: 8 },
      "nonsense",
    ];
    const error = errorFor(422, api("invalid_params", 422, errors));
    expect(error.message).toBe("Said so");
    expect(error.details).toEqual([
      { pointer: "/recipients/0/id", message: "is required" },
      { pointer: "/data/name", message: "must be a string" },
      { pointer: "", message: "is not valid" },
    ]);
  });

  it.each([
    ["recipients", "/recipients"],
    ["recipients[10][2].a", "/recipients/10/2/a"],
    ["recipients.0.id", "/recipients/0/id"],
    ["data.a/b~c", "/data/a~1b~0c"],
    ["", ""],
  ])("converts the field %j to %j", (field, pointer) => {
    expect(toFieldPointer(field)).toBe(pointer);
  });

  it("Q-2 reports a mismatched idempotency key as a conflict with a hint", () => {
    const error = errorFor(
      422,
      api("invalid_params", 422, [{ field: "idempotency_key", message: "used before", type: null }]),
    );
    expect(error).toMatchObject({ code: "idempotency_conflict", hint: expect.stringMatching(/another key/) });
    expect(getExitCode(error)).toBe(6);
  });

  it("hints at where the workflow was searched", () => {
    expect(errorFor(404, api("workflow_missing", 404)).hint).toBe(
      "Check that it is committed in the key's environment.",
    );
    expect(errorFor(404, api("workflow_missing", 404), {}, { branch: "feat-1" }).hint).toBe(
      'Check that it is committed in branch "feat-1".',
    );
  });

  it("reports a long wait that the server requested", () => {
    expect(errorFor(429, api("slow", 429), {}, { retry_after_ms: 3_600_000 }).hint).toBe("Try again in 1h.");
    expect(errorFor(503, "", {}, { retry_after_ms: 90_000, tries: 1 }).hint).toBe("Try again in 1m 30s.");
  });

  it("reports the number of tries", () => {
    expect(errorFor(503, "<html>", {}, { tries: 3 }).message).toBe(
      "api.example.com failed with HTTP 503 after 3 tries",
    );
  });

  it.each([
    [404, "<html>not here</html>"],
    [400, "Bad Request"],
    [422, {}],
    [302, ""],
    [418, []],
    [404, { message: "no code" }],
  ])("does not treat HTTP %i with another body (%j) as the API's response", (status, body) => {
    const error = errorFor(status, body, status === 302 ? { location: "https://login.example.com/" } : {});
    expect(error).toMatchObject({ code: "remote_failed", status });
    expect(error.message).toMatch(/did not respond like the Knock API/);
    if (status === 302) expect(error.hint).toMatch(/login\.example\.com.*not followed/);
  });

  it.each([
    [401, "authentication"],
    [403, "not_allowed"],
    [413, "payload_too_large"],
    [429, "rate_limited"],
  ])("keeps the meaning of HTTP %i even from a proxy", (status, code) => {
    const error = errorFor(status, "<html>");
    expect(error.code).toBe(code);
    expect(error.message).not.toBe("");
  });

  it("hides the key and control characters that a server repeats", () => {
    const body = {
      code: `bad ${KEY}`,
      message: `key ${KEY} and Bearer ${KEY}, other sk_live_zzzzzzzzzzzz \u001b[2Jgone`,
      errors: [{ field: `data.${KEY}`, message: Buffer.from(KEY).toString("base64") }],
    };
    const error = errorFor(422, body, { "x-request-id": KEY });
    const all = JSON.stringify([error.message, error.hint, error.details, error.request_id, error.cause, error.stack]);
    expect(all).not.toContain(KEY);
    expect(all).not.toContain("sk_live_zzzz");
    expect(all).not.toContain("\\u001b");
    expect(all).not.toContain(Buffer.from(KEY).toString("base64"));
    expect(error.message).toContain("[redacted]");
  });

  it("never throws and never loses the status, for any body", () => {
    const bodies = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record({ code: fc.jsonValue(), message: fc.jsonValue(), errors: fc.jsonValue() }, { requiredKeys: [] })
        .map((body) => JSON.stringify(body)),
      fc
        .array(fc.record({ field: fc.jsonValue(), message: fc.jsonValue() }))
        .map((errors) => JSON.stringify({ code: "c", errors })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), bodies, (status, text) => {
        const error = errorFor(status, text);
        expect(error).toBeInstanceOf(KnockError);
        expect(error.status).toBe(status);
        expect(error.message.trim()).not.toBe("");
        for (const { pointer } of error.details) expect(pointer === "" || pointer.startsWith("/")).toBe(true);
        expect([2, 4, 5, 6, 7, 8]).toContain(getExitCode(error));
      }),
      getPropertyRuns(2_500),
    );
  });
});
