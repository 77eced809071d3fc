import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { formatSteps, getRecipientOutcome, withHarness } from "../../helpers/engine-case.js";

const EMPTY = {
  id: "default",
  workflows: null,
  categories: null,
  channel_types: null,
  channels: null,
  commercial_subscribed: null,
};

describe("preferences", () => {
  it("AC-150 to AC-153 AC-161 A-093 E-138 are replaced, merged on request and removed", () =>
    withHarness(async ({ engine: { resources } }) => {
      const { preferences } = resources;
      expect(await preferences.read("ana", "default")).toEqual(EMPTY);
      const email = { channel_types: { email: false } };
      expect(await preferences.set("ana", "default", email)).toEqual({ ...EMPTY, ...email });
      const hello = { workflows: { hello: true } };
      expect(await preferences.set("ana", "default", { ...hello, id: "default" })).toEqual({ ...EMPTY, ...hello });
      const sms = { __persistence_strategy__: "merge", channel_types: { sms: false } };
      expect(await preferences.set("ana", "default", sms)).toEqual({
        ...EMPTY,
        ...hello,
        channel_types: { sms: false },
      });
      await preferences.delete("ana", "default");
      expect(await preferences.read("ana", "default")).toEqual(EMPTY);
    }));

  it("AC-155 conditions are kept unchanged", () =>
    withHarness(async ({ engine: { resources } }) => {
      const workflows = {
        hello: { conditions: [{ variable: "recipient.plan", operator: "equal_to", argument: "pro" }] },
      };
      expect(await resources.preferences.set("ana", "default", { workflows })).toMatchObject({ workflows });
    }));

  it("AC-160 A-094 Q-26 override the defaults of tenant and environment; an unknown user has only the defaults", () =>
    withHarness(async (harness) => {
      const { preferences, tenants } = harness.engine.resources;
      harness.environment.preferences = { channel_types: { push: false, sms: true } };
      await tenants.set("acme", { settings: { preference_set: { channel_types: { sms: false, chat: false } } } });
      await preferences.set("ana", "acme", { channel_types: { chat: true } });
      await preferences.set("ana", "default", { channel_types: { email: false } });
      expect(await preferences.read("ana", "acme")).toMatchObject({
        id: "acme",
        channel_types: { push: false, sms: false, chat: true },
      });
      expect(await preferences.read("ghost", "acme")).toMatchObject({
        channel_types: { push: false, sms: false, chat: false },
      });
      expect(await preferences.read("ghost", "default")).toEqual({
        ...EMPTY,
        channel_types: { push: false, sms: true },
      });
    }));

  it("AC-159 A-247 all sets are listed, the default set first", () =>
    withHarness(async ({ engine: { resources } }) => {
      const { preferences } = resources;
      await preferences.set("ana", "acme", { categories: { ads: false } });
      expect(await preferences.list("ana")).toMatchObject([EMPTY, { id: "acme", categories: { ads: false } }]);
      expect(await preferences.list({ collection: "projects", id: "p1" })).toEqual([EMPTY]);
    }));

  it.each<[string, JsonObject, string]>([
    ["AC-156", { channel_types: { pigeon: true } }, "/channel_types/pigeon"],
    ["AC-157", { channel_types: { email: "no" } }, "/channel_types/email"],
    [
      "AC-158",
      { workflows: { hello: { conditions: [{ variable: "data.a", operator: "like", argument: "" }] } } },
      "/workflows/hello/conditions/0/operator",
    ],
    ["E-135 a setting for guides", { channel_types: { in_app_guide: false } }, "/channel_types/in_app_guide"],
    ["E-134 an object without conditions", { channels: { mail: {} } }, "/channels/mail/conditions"],
    ["E-133 an unknown section", { channel_type: { email: false } }, "/channel_type"],
    ["an unknown key of a category", { categories: { ads: { email: false } } }, "/categories/ads/email"],
    ["a category that is text", { categories: { ads: "off" } }, "/categories/ads"],
    ["a section that is a list", { workflows: [] }, "/workflows"],
    ["a commercial setting that is text", { commercial_subscribed: "no" }, "/commercial_subscribed"],
    ["an unknown strategy", { __persistence_strategy__: "append" }, "/__persistence_strategy__"],
  ])("%s is rejected", (_title, body, pointer) =>
    withHarness(async ({ engine: { resources } }) => {
      await expect(resources.preferences.set("ana", "default", body)).rejects.toMatchObject({
        code: "invalid_params",
        details: [{ pointer }],
      });
      expect(await resources.preferences.read("ana", "default")).toEqual(EMPTY);
    }),
  );

  it("E-144 E-145 __strategy__ is accepted in sections and their entries", () =>
    withHarness(async ({ engine: { resources } }) => {
      const set = {
        channel_types: { __strategy__: "replace", email: true },
        categories: { ads: { __strategy__: "replace", channel_types: { email: true } } },
      };
      expect(await resources.preferences.set("ana", "acme", set)).toMatchObject(set);
    }));

  it("AC-164 A-096 the next trigger follows changed preferences", () =>
    withHarness(async (harness) => {
      harness.define("hello", { steps: [step.email(), step.feed()] });
      await harness.engine.resources.preferences.set("ana", "default", { channel_types: { email: false } });
      const outcome = await harness.trigger("hello", { recipients: ["ana"] });
      expect(formatSteps(getRecipientOutcome(outcome, "ana"))).toEqual([
        "email_1 skipped preference",
        "in_app_feed_1 sent",
      ]);
    }));
});
