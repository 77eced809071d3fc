import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { DAY, HOUR, MINUTE } from "../../helpers/case-times.js";
import { formatRuns, withHarness } from "../../helpers/engine-case.js";

const AT = "2025-06-04T10:00:00.000Z";

describe("users", () => {
  it("AC-100 to AC-102 A-090 A-091 set merges deeply, null overwrites, and custom properties are at the top level", () =>
    withHarness(async ({ engine: { resources } }) => {
      const { users } = resources;
      expect(await users.set("u5", { name: "E", plan: { tier: "a" } })).toEqual({
        __typename: "User",
        id: "u5",
        name: "E",
        email: null,
        avatar: null,
        phone_number: null,
        timezone: null,
        plan: { tier: "a" },
        created_at: null,
        updated_at: AT,
      });
      expect(await users.set("u5", { plan: { seats: 3 } })).toMatchObject({ plan: { tier: "a", seats: 3 } });
      expect(await users.set("u5", { name: null })).toMatchObject({ name: null, plan: { tier: "a" } });
      expect(await users.read("u5")).toMatchObject({ name: null });
    }));

  it("writing a response back changes nothing", () =>
    withHarness(async ({ engine: { resources } }) => {
      const before = (await resources.users.read("ana")) as JsonObject;
      expect(await resources.users.set("ana", before)).toEqual(before);
      expect(Object.keys(await resources.users.set("ana", {}))).toEqual(Object.keys(before));
    }));

  it("AC-105 AC-106 Q-25 Q-27 an unknown user is not found", () =>
    withHarness(async ({ engine: { resources } }) => {
      const { users } = resources;
      expect(await users.read("ghost")).toBeNull();
      expect(await users.delete("ghost")).toBe(false);
      await users.set("u5", {});
      expect(await users.delete("u5")).toBe(true);
      expect(await users.read("u5")).toBeNull();
    }));

  it.each<[string, string, JsonObject, string]>([
    ["AC-103 E-052 more than 256 kB of custom properties", "u5", { long: "x".repeat(300_000) }, ""],
    ["AC-104 E-051 a slash in the ID", "a/b", {}, "/id"],
    ["a different ID", "u5", { id: "u6" }, "/id"],
    ["a collection", "u5", { collection: "projects" }, "/collection"],
    ["trigger data", "u5", { $trigger_data: {} }, "/$trigger_data"],
    [
      "invalid preferences",
      "u5",
      { preferences: { default: { channel_types: { fax: true } } } },
      "/preferences/default/channel_types/fax",
    ],
    ["invalid channel data", "u5", { channel_data: { mail: 1 } }, "/channel_data/mail"],
  ])("rejects %s and changes nothing", (_title, id, body, pointer) =>
    withHarness(async ({ engine: { resources } }) => {
      await expect(resources.users.set(id, body)).rejects.toMatchObject({
        code: "invalid_params",
        details: [{ pointer }],
      });
      expect(await resources.users.read("u5")).toBeNull();
    }),
  );

  it("E-052 reserved properties do not count toward the limit of custom properties", () =>
    withHarness(async ({ engine: { resources } }) => {
      expect(await resources.users.set("u5", { avatar: "x".repeat(300_000) })).toMatchObject({ id: "u5" });
    }));

  it("AC-107 AC-108 lists all users page by page", () =>
    withHarness(async ({ engine: { resources } }) => {
      const seen: unknown[] = [];
      let after: string | undefined;
      do {
        const { items, page_info } = await resources.users.list({}, { limit: 2, after });
        seen.push(...items.map(({ id }) => id));
        after = page_info.after ?? undefined;
      } while (after !== undefined);
      expect(seen).toEqual(["fay", "eli", "dee", "cy", "bo", "ana"]);
    }));

  it("AC-154 preferences are merged, and channel data may be given by the channel's key", () =>
    withHarness(async (harness) => {
      const { users } = harness.engine.resources;
      await users.set("ana", { preferences: { default: { categories: { ads: false } } } });
      await users.set("ana", {
        preferences: { default: { categories: { news: true } } },
        channel_data: { ios: { tokens: ["t"] } },
      });
      expect(await harness.recipient("ana")).toMatchObject({
        preferences: { default: { categories: { ads: false, news: true } } },
        channel_data: { "c-ios": { tokens: ["t"] } },
      });
    }));

  it("C-364 E-053 E-054 a waiting run is deleted with its user, and nothing is sent to a new user with the same ID", () =>
    withHarness(async (harness) => {
      const { users } = harness.engine.resources;
      harness.define("later", { steps: [step.feed(), step.delay("hours", 1), step.email()] });
      const started = await harness.trigger("later", { recipients: ["ana", "bo"] });
      await harness.at(30 * MINUTE);
      expect(await users.delete("ana")).toBe(true);
      await users.set("ana", { email: "other@lark.test" });
      await harness.at(90 * MINUTE);
      expect((await harness.listMessages("ana")).length).toBe(0);
      expect((await harness.listMessages("bo")).map(({ channel }) => channel.key)).toEqual(["feed", "mail"]);
      expect(Object.keys(formatRuns(await harness.readOutcome(started)))).toEqual(["bo"]);
      const { items } = await harness.engine.listRecipientRuns({}, { limit: 10 });
      expect(items.map(({ recipient }) => recipient)).toEqual(["bo"]);
    }));
});

describe("E-414 the actor of what a merged user did", () => {
  it("is the other user in feeds, activities and messages of the last 30 days, also in batches", () =>
    withHarness(async (harness) => {
      const { engine } = harness;
      const { users, feeds } = engine.resources;
      for (const id of ["old", "new", "third"]) await users.set(id, { name: id });
      harness.define("single", { steps: [step.feed()] });
      const batch_window = { unit: "minutes", value: 5 };
      harness.define("digest", { steps: [{ type: "batch", ref: "batch_1", settings: { batch_window } }, step.feed()] });
      const trigger = (workflow: string, actor: string) => harness.trigger(workflow, { recipients: ["ana"], actor });
      const readActors = async () => {
        const { items } = await feeds.list({ recipient: toRecipientKey("ana") }, { limit: 10 });
        return items.map(({ actors, total_actors }) => [(actors as JsonObject[]).map(({ id }) => id), total_actors]);
      };
      await trigger("single", "old");
      await harness.at(DAY + HOUR);
      await trigger("single", "old");
      for (const actor of ["old", "third", "old"]) await trigger("digest", actor);
      await harness.at(DAY + 2 * HOUR);
      for (const actor of ["new", "old"]) await trigger("digest", actor);
      await harness.at(31 * DAY);
      // This batch is still open.
      for (const actor of ["old", "third"]) await trigger("digest", actor);
      expect(await readActors()).toEqual([
        [["new", "old"], 2],
        [["old", "third"], 2],
        [["old"], 1],
        [["old"], 1],
      ]);
      await users.merge("new", "old");
      await harness.at(31 * DAY + HOUR);
      expect(await readActors()).toEqual([
        [["new", "third"], 2],
        [["new"], 1],
        [["new", "third"], 2],
        [["new"], 1],
        [["old"], 1],
      ]);
      const messages = await harness.listMessages("ana");
      expect(messages.map(({ actor }) => actor)).toEqual(
        ["old", "new", "new", "new", "new"].map((id) => toRecipientKey(id)),
      );
      const activities = await Promise.all(messages.slice(1).map(({ id }) => engine.readMessageActivities(id)));
      const actorsOf = activities.map((list) => list?.map(({ actor }) => (actor as JsonObject).id));
      expect(actorsOf).toEqual([["new"], ["new", "third", "new"], ["new", "new"], ["new", "third"]]);
    }));
});

describe("E-053 data that steps keep for a recipient", () => {
  const hour = { unit: "hours", value: 1 };
  const settings = {
    batch: { batch_window: hour, batch_execution_mode: "flush_leading" },
    throttle: { throttle_window: hour, throttle_limit: 1 },
  };

  it.each(["batch", "throttle"] as const)("a new user with the ID of a deleted one has no open %s window", (type) =>
    withHarness(async (harness) => {
      const { users } = harness.engine.resources;
      await users.set("an", {});
      harness.define("held", { steps: [{ type, ref: "held_1", settings: settings[type] }, step.feed()] });
      const sent = async (): Promise<number> => {
        await harness.trigger("held", { recipients: ["ana", "an"] });
        return (await harness.listMessages("ana")).length;
      };
      expect(await sent()).toBe(1);
      expect(await sent()).toBe(1);
      expect(await users.delete("an")).toBe(true); // a user whose ID is a prefix of hers
      expect(await sent()).toBe(1);
      expect(await users.delete("ana")).toBe(true);
      await users.set("ana", {});
      expect(await sent()).toBe(1);
    }),
  );

  it.each(["batch", "throttle"] as const)("a %s of the user who remains is kept in a merge", (type) =>
    withHarness(async (harness) => {
      const { users } = harness.engine.resources;
      harness.define("held", { steps: [{ type, ref: "held_1", settings: settings[type] }, step.feed()] });
      await harness.trigger("held", { recipients: ["ana", "bo"] });
      expect(await users.merge("ana", "bo")).not.toBeNull();
      await users.set("bo", {});
      await harness.trigger("held", { recipients: ["ana", "bo"] });
      expect((await harness.listMessages("ana")).length).toBe(2); // bo's first message was moved to her
      expect((await harness.listMessages("bo")).length).toBe(1);
    }),
  );
});

describe("objects and tenants", () => {
  it("AC-111 A-091 an object's properties are in `properties`", () =>
    withHarness(async ({ engine: { resources } }) => {
      const { objects } = resources;
      expect(await objects.set("projects", "p2", { name: "P", color: "red", created_at: AT })).toEqual({
        __typename: "Object",
        id: "p2",
        collection: "projects",
        properties: { name: "P", color: "red" },
        created_at: AT,
        updated_at: AT,
      });
      expect((await objects.list("projects", { limit: 5 })).items).toMatchObject([{ id: "p2" }, { id: "p1" }]);
      expect(await objects.delete("projects", "p2")).toBe(true);
      expect(await objects.read("projects", "p2")).toBeNull();
    }));

  it("users are not objects", () =>
    withHarness(async ({ engine: { resources } }) => {
      const refused = { code: "invalid_params", details: [{ pointer: "/collection" }] };
      await expect(resources.objects.list("$users", { limit: 5 })).rejects.toMatchObject(refused);
      await expect(resources.objects.delete("$users", "ana")).rejects.toMatchObject(refused);
    }));

  it("AC-112 AC-113 E-048 a tenant is also an object", () =>
    withHarness(async ({ engine: { resources } }) => {
      const { tenants, objects } = resources;
      await tenants.set("acme", { name: "Acme", settings: { branding: { primary_color: "#000000", icon_url: "i" } } });
      expect(await tenants.set("acme", { settings: { branding: { primary_color: "#112233" } } })).toEqual({
        __typename: "Tenant",
        id: "acme",
        name: "Acme",
        settings: { branding: { primary_color: "#112233", icon_url: "i" } },
        created_at: null,
        updated_at: AT,
      });
      expect(await objects.read("$tenants", "acme")).toMatchObject({
        __typename: "Object",
        collection: "$tenants",
        properties: { name: "Acme" },
      });
      expect((await tenants.list({ name: "Acme" }, { limit: 5 })).items).toMatchObject([{ id: "acme" }]);
      expect((await tenants.list({ tenant_id: "acm" }, { limit: 5 })).items).toEqual([]);
    }));

  it("rejects invalid default preferences of a tenant", () =>
    withHarness(async ({ engine: { resources } }) => {
      await expect(
        resources.tenants.set("acme", { settings: { preference_set: { channel_types: { email: "no" } } } }),
      ).rejects.toMatchObject({ details: [{ pointer: "/settings/preference_set/channel_types/email" }] });
    }));
});

describe("channel data", () => {
  it("AC-130 to AC-134 A-092 is replaced as a whole, with tokens and devices, and creates an unknown user", () =>
    withHarness(async ({ engine: { resources } }) => {
      const { channelData, users } = resources;
      expect(await channelData.read("new", "ios")).toBeNull();
      expect(await channelData.set("new", "c-ios", { data: { tokens: ["t1"] } })).toEqual({
        __typename: "ChannelData",
        channel_id: "c-ios",
        data: { tokens: ["t1"], devices: [{ token: "t1", locale: null, timezone: null }] },
      });
      expect(await users.read("new")).toMatchObject({ id: "new" });
      await channelData.set("new", "ios", { data: { devices: [{ token: "t2", locale: "fr" }] } });
      expect(await channelData.read("new", "ios")).toMatchObject({
        data: { tokens: ["t2"], devices: [{ token: "t2", locale: "fr", timezone: null }] },
      });
      expect(await channelData.delete("new", "ios")).toBe(true);
      expect(await channelData.delete("new", "ios")).toBe(false);
      expect(await channelData.read("new", "ios")).toBeNull();
    }));

  it.each<[string, string, JsonObject, object]>([
    ["AC-135", "6f1f0f3e-0000-4000-8000-000000000001", { data: {} }, { code: "channel_invalid" }],
    ["AC-136", "ios", { data: { foo: 1 } }, { code: "invalid_params", details: [{ pointer: "/data" }] }],
    ["AC-137", "ios", {}, { code: "invalid_params", details: [{ pointer: "/data" }] }],
    [
      "a list that is an object",
      "chatty",
      { data: { connections: {} } },
      { details: [{ pointer: "/data/connections" }] },
    ],
  ])("%s is rejected", (_title, channel, body, error) =>
    withHarness(async ({ engine: { resources } }) => {
      await expect(resources.channelData.set("ana", channel, body)).rejects.toMatchObject(error);
    }),
  );
});
