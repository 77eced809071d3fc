import { describe, expect, it } from "vitest";
import {
  buildTriggerRequest,
  createIdempotencyKey,
  encodePathSegment,
  redactRequest,
} from "../../../src/domain/trigger/api-request.js";
import type { Trigger } from "../../../src/domain/trigger/trigger.js";

const trigger: Trigger = {
  workflow: "new comment/ü",
  recipients: [],
  actor: null,
  tenant: null,
  data: {},
  cancellation_key: null,
  settings: { sandbox_mode: false, skip_delay: false },
  payload: { recipients: ["ada"], data: { n: 1 } },
};
const caller = { apiKey: "sk_test_secret1234", branch: null, userAgent: "knock-cli/1" };

describe("the trigger request", () => {
  it("A-318, A-002, A-003, A-050 has method, encoded path, headers and the unchanged payload", () => {
    expect(buildTriggerRequest(trigger, { ...caller, idempotency_key: "k1" })).toEqual({
      method: "POST",
      path: "/v1/workflows/new%20comment%2F%C3%BC/trigger",
      headers: {
        Authorization: "Bearer sk_test_secret1234",
        "Content-Type": "application/json",
        Accept: "application/json",
        "User-Agent": "knock-cli/1",
        "Idempotency-Key": "k1",
      },
      body: { recipients: ["ada"], data: { n: 1 } },
    });
  });

  it("A-015 has the branch in its header if there is one", () => {
    const { headers } = buildTriggerRequest(trigger, { ...caller, branch: "feat-1", idempotency_key: "k1" });
    expect(headers["X-Knock-Branch"]).toBe("feat-1");
  });

  it("omits the headers of a missing key, user agent or idempotency key", () => {
    const { headers } = buildTriggerRequest(trigger, { apiKey: null, branch: null, idempotency_key: null });
    expect(Object.keys(headers).sort()).toEqual(["Accept", "Content-Type"]);
  });

  it.each([
    ["sk_test_secret1234", "Bearer sk_…redacted"],
    ["pk_secret1234", "Bearer pk_…redacted"],
    ["plain", "Bearer …redacted"],
  ])("shows only the kind of the key %s", (apiKey, shown) => {
    const request = buildTriggerRequest(trigger, { ...caller, apiKey, idempotency_key: "k1" });
    const redacted = redactRequest(request);
    expect(redacted.headers.Authorization).toBe(shown);
    expect(JSON.stringify(redacted)).not.toContain("secret");
    expect(request.headers.Authorization).toBe(`Bearer ${apiKey}`);
    expect(redacted.body).toEqual(request.body);
  });

  it("redacts a key in the body", () => {
    const request = buildTriggerRequest(trigger, { ...caller, apiKey: "sk_test_secret1234", idempotency_key: "k1" });
    const body = { data: { list: ["the key sk_test_secret1234"] } };
    expect(redactRequest({ ...request, body }).body).toEqual({ data: { list: ["the key sk_…redacted"] } });
  });

  it("generates an idempotency key with the program's name that never repeats", () => {
    expect(createIdempotencyKey()).toMatch(/^knock-cli-[0-9a-f-]{36}$/);
    expect(createIdempotencyKey()).not.toBe(createIdempotencyKey());
  });

  it.each([
    ["$tenants", "$tenants"],
    ["a/b?c#d", "a%2Fb%3Fc%23d"],
    ["..", "%2E%2E"],
    [".", "%2E"],
    ["a.b", "a.b"],
    ["\ud800", "%EF%BF%BD"],
  ])("A-063 encodes the id %j as the path segment %s", (id, segment) => {
    expect(encodePathSegment(id)).toBe(segment);
  });
});
