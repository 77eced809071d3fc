import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeInvalidId } from "../../../src/domain/recipient/describe-invalid-id.js";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { hasParent } from "../../helpers/catch-error.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";
import { arbitraryJson, arbitraryMutation, buildNestedJson } from "../../helpers/json-arbitraries.js";

const FIELDS = ["key", "recipients", "actor", "tenant", "data", "cancellation_key", "idempotency_key", "settings"];
const INLINE = ["id", "collection", "channel_data", "preferences", "$trigger_data", "sandbox_mode", "skip_delay"];

/** Parses a payload. A KnockError is checked to be printable, and any other error fails the test. */
function check(payload: unknown): void {
  const before = JSON.stringify(payload);
  try {
    const { trigger } = parseTrigger(payload, "welcome");
    expect(trigger.recipients.length).toBeGreaterThan(0);
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    expect(["invalid_params", "usage"]).toContain(error.code);
    expect(error.message).not.toBe("");
    if (error.code === "invalid_params") expect(error.details.length).toBeGreaterThan(0);
    for (const { pointer } of error.details) expect(pointer.endsWith("…") || hasParent(payload, pointer)).toBe(true);
  }
  expect(JSON.stringify(payload)).toBe(before);
}

const id = fc
  .string({ minLength: 1, maxLength: 40, unit: "grapheme" })
  .filter((text) => describeInvalidId(text) === null);
const json = arbitraryJson("name", "email").filter((value) => !JSON.stringify(value).includes('"__proto__":'));
const object = fc.dictionary(
  fc.string({ maxLength: 6 }).filter((key) => key !== "__proto__"),
  json,
  { maxKeys: 4 },
);
const channels = fc.dictionary(fc.constantFrom("email", "sms", "push", "chat", "in_app_feed", "http"), fc.boolean());
const level = fc.oneof(fc.boolean(), fc.record({ channel_types: channels }));
const preferenceSet = fc.record(
  {
    channel_types: fc.option(channels),
    channels: fc.dictionary(id, fc.boolean(), { maxKeys: 2 }),
    categories: fc.option(fc.dictionary(id, level, { maxKeys: 2 })),
    workflows: fc.dictionary(id, level, { maxKeys: 2 }),
    commercial_subscribed: fc.option(fc.boolean()),
  },
  { requiredKeys: [] },
);
const channelData = fc.oneof(
  fc.record({ tokens: fc.array(fc.string(), { maxLength: 2 }) }),
  fc.record({ connections: fc.array(fc.record({ access_token: fc.string() }), { maxLength: 2 }) }),
);
const recipient = fc.oneof(
  id,
  fc.record({ id, collection: id }),
  fc.record(
    { id, email: fc.string(), $trigger_data: object, preferences: fc.dictionary(id, preferenceSet, { maxKeys: 2 }) },
    { requiredKeys: ["id"] },
  ),
  fc.record(
    { id, collection: id, name: fc.string(), channel_data: fc.dictionary(id, channelData, { maxKeys: 2 }) },
    { requiredKeys: ["id", "collection"] },
  ),
) as fc.Arbitrary<Json>;
const key = fc.option(fc.string({ minLength: 1, maxLength: 255 }));
const validPayload = fc.record(
  {
    key: fc.constant("welcome"),
    recipients: fc.oneof(recipient, fc.array(recipient, { minLength: 1, maxLength: 5 })),
    actor: fc.option(recipient),
    tenant: fc.option(fc.oneof(id, fc.record({ id, name: fc.string() }))),
    data: fc.option(object),
    cancellation_key: key,
    idempotency_key: key,
    settings: fc.option(
      fc.record({ sandbox_mode: fc.boolean(), skip_delay: fc.option(fc.boolean()) }, { requiredKeys: [] }),
    ),
  },
  { requiredKeys: ["recipients"] },
) as fc.Arbitrary<JsonObject>;

describe("parseTrigger", () => {
  it("throws only KnockErrors with pointers into the payload, for any input", () => {
    fc.assert(fc.property(arbitraryJson(...FIELDS, ...INLINE), check), getPropertyRuns(10_000));
  });

  it("throws only KnockErrors for almost valid payloads", () => {
    const sample: Json = {
      recipients: [
        "ada",
        { id: "bo", email: "b@lark.test", preferences: { default: {} } },
        { id: "p", collection: "c" },
      ],
      actor: { id: "al", channel_data: { ios: {} } },
      tenant: { id: "acme", settings: {} },
      data: { page: { name: "Home" } },
      cancellation_key: "k",
      settings: { sandbox_mode: true },
    };
    fc.assert(fc.property(arbitraryMutation(sample, arbitraryJson(...INLINE)), check), getPropertyRuns(10_000));
  });

  it("accepts every valid payload, and sends it unchanged", () => {
    fc.assert(
      // A key `__proto__`, which the generator may produce, makes every payload invalid.
      fc.property(
        validPayload.filter((payload) => !JSON.stringify(payload).includes('"__proto__"')),
        (payload) => {
          const { trigger, idempotency_key } = parseTrigger(payload, "welcome");
          const { key: _key, idempotency_key: _idempotency, ...rest } = payload;
          const recipients = Array.isArray(rest.recipients) ? rest.recipients : [rest.recipients];
          expect(trigger.payload).toEqual({ ...rest, recipients });
          expect(trigger.recipients).toHaveLength(recipients.length);
          expect(idempotency_key).toBe(payload.idempotency_key ?? null);
          // The sent payload is itself valid and has the same meaning.
          expect(parseTrigger(trigger.payload, "welcome").trigger).toEqual(trigger);
        },
      ),
      getPropertyRuns(2_500),
    );
  });

  it.each(["recipients", "actor", "tenant", "data", "settings", "key"])("handles %s nested 100,000 deep", (field) => {
    for (const deep of [
      buildNestedJson(100_000),
      buildNestedJson(100_000, "[", "]"),
      buildNestedJson(50_000, '[{"id":', "}]"),
    ]) {
      expect(() => parseTrigger({ recipients: ["a"], [field]: deep }, "welcome")).toThrow(KnockError);
    }
  });
});
