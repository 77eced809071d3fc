import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { NOW, user } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

export function describeRecipients(open: OpenStore): void {
  describe("recipients", () => {
    it("returns the existing users, objects and tenants", async () => {
      const project = toRecipientKey({ collection: "projects", id: "p1" });
      const tenant = toRecipientKey({ collection: "$tenants", id: "acme" });
      await open.store.upsertRecipients(
        [user("ada"), project, tenant].map((key) => ({ key, properties: {} })),
        NOW,
      );
      const read = await open.store.readRecipients([tenant, user("nobody"), user("ada"), user("ada"), project]);
      expect([...read.keys()].sort()).toEqual([tenant, user("ada"), project].sort());
      expect(read.get(project)).toEqual({
        key: project,
        properties: {},
        preferences: {},
        preference_origins: {},
        channel_data: {},
        inserted_at: NOW,
        updated_at: NOW,
      });
      expect(await open.store.readRecipients([])).toEqual(new Map());
    });

    it("E-038 merges properties deeply; null overwrites, lists are replaced, and no key is removed", async () => {
      await open.store.upsertRecipients(
        [{ key: user("ada"), properties: { name: "Ada", plan: { tier: "pro", seats: 3 }, tags: ["a", "b"] } }],
        NOW,
      );
      await open.store.upsertRecipients(
        [{ key: user("ada"), properties: { name: null, plan: { seats: 4 }, tags: ["c"] } }],
        NOW + 5,
      );
      expect((await open.store.readRecipients([user("ada")])).get(user("ada"))).toMatchObject({
        properties: { name: null, plan: { tier: "pro", seats: 4 }, tags: ["c"] },
        inserted_at: NOW,
        updated_at: NOW + 5,
      });
    });

    it("E-040 E-041 merges preference sets deeply and replaces each channel's data", async () => {
      const key = user("ada");
      await open.store.upsertRecipients(
        [
          {
            key,
            properties: {},
            preferences: { default: { workflows: { a: false } } },
            channel_data: { fcm: { tokens: ["1"], extra: true }, slack: { connections: [] } },
          },
        ],
        NOW,
      );
      await open.store.upsertRecipients(
        [
          {
            key,
            properties: {},
            preferences: {
              default: { workflows: { b: { channel_types: { email: false } } } },
              acme: { categories: { c: true } },
            },
            channel_data: { fcm: { tokens: ["2"] } },
          },
        ],
        NOW,
      );
      expect((await open.store.readRecipients([key])).get(key)).toMatchObject({
        preferences: {
          default: { workflows: { a: false, b: { channel_types: { email: false } } } },
          acme: { categories: { c: true } },
        },
        channel_data: { fcm: { tokens: ["2"] }, slack: { connections: [] } },
      });
      expect((await open.store.readRecipients([key])).get(key)?.channel_data.fcm).toEqual({ tokens: ["2"] });
    });

    it("keeps the origin of each preference, also of a tenant's defaults", async () => {
      const key = user("ada");
      const tenant = toRecipientKey({ collection: "$tenants", id: "acme" });
      const preferences = { default: { channel_types: { email: false } } };
      const settings = { preference_set: { categories: { news: false } } };
      const origin = { by: "a trigger", at: NOW };
      await open.store.upsertRecipients(
        [
          { key, properties: {}, preferences, origin },
          { key: tenant, properties: { settings }, origin },
        ],
        NOW,
      );
      const set = { channel_types: { sms: false } };
      const request = { by: "PUT /v1/users/ada/preferences/default", at: NOW + 1 };
      await open.store.writePreferenceSets(
        [{ recipient: key, id: "default", set, merge: true, origin: request }],
        NOW + 1,
      );
      await open.store.upsertRecipients([{ key, properties: { name: "Ada" } }], NOW + 2);
      const read = await open.store.readRecipients([key, tenant]);
      expect(read.get(key)?.preference_origins).toEqual({
        default: { "channel_types.email": origin, "channel_types.sms": request },
      });
      expect(read.get(tenant)?.preference_origins).toEqual({ $settings: { "categories.news": origin } });
    });

    it("EQ-11 applies several upserts of one recipient in order", async () => {
      await open.store.upsertRecipients(
        [
          { key: user("ada"), properties: { name: "First", a: 1 } },
          { key: user("bob"), properties: { name: "Bob" } },
          { key: user("ada"), properties: { name: "Second", b: 2 } },
        ],
        NOW,
      );
      expect((await open.store.readRecipients([user("ada")])).get(user("ada"))?.properties).toEqual({
        name: "Second",
        a: 1,
        b: 2,
      });
    });

    it("keeps any text: quotes, control characters, long and international strings, __proto__", async () => {
      const properties = JSON.parse(
        `{"name":"O'Brien \\"x\\" \\u0001 ✓ 漢字 🚀","__proto__":{"polluted":true},"long":"${"x".repeat(100_000)}"}`,
      );
      await open.store.upsertRecipients([{ key: user("ünï'cödé"), properties }], NOW);
      const read = (await open.store.readRecipients([user("ünï'cödé")])).get(user("ünï'cödé"));
      expect(JSON.stringify(read?.properties)).toBe(JSON.stringify(properties));
    });
  });
}
