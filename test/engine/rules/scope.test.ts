import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { formatRuns, getBodyText, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

/** Returns what a template renders in a run of ana. */
async function rendered(h: EngineHarness, template: string, payload: JsonObject = {}, more: JsonObject = {}) {
  h.define("digest", { ...more, steps: [step.email("S", template)] });
  await h.trigger("digest", { recipients: ["ana"], ...payload });
  return (await h.listMessages()).map(getBodyText).at(-1);
}

const joined = (...paths: string[]) => paths.map((path) => `{{ ${path} }}`).join("|");

describe("7. Run scope", () => {
  it("E-073 a template sees the recipient, actor, tenant, data, variables and workflow", () =>
    withHarness(async (h) => {
      const template = joined("recipient.id", "actor.id", "tenant.id", "data.n", "vars.base_url", "workflow.key");
      const payload = { actor: "bo", tenant: "acme", data: { n: 1 } };
      expect(await rendered(h, template, payload)).toBe("ana|bo|acme|1|https://lark.test|digest");
    }));

  it("E-075 a recipient has its properties at the top level and its preferences, but no schedule and no subscription", () =>
    withHarness(async (h) => {
      h.environment.preferences = { channel_types: { sms: false } };
      const template = joined(
        "recipient.__typename",
        "recipient.team.name",
        "recipient.updated_at",
        "recipient.preferences.channel_types.sms",
        "recipient.schedule",
        "recipient.subscription",
      );
      expect(await rendered(h, template)).toBe("User|North|2025-06-04T10:00:00.000Z|false||");
      h.define("digest", { steps: [step.webhook("{{ recipient.__typename }}/{{ recipient.collection }}")] });
      await h.trigger("digest", { recipients: [{ collection: "projects", id: "p1" }] });
      expect(getBodyText((await h.listMessages()).at(-1)!)).toBe("Object/projects");
    }));

  it.each<[string, string | undefined, string]>([
    ["with an actor", "bo", "1|1|1|1|bo"],
    ["without an actor", undefined, "1|1|0|0|"],
  ])("E-079 a run without a batch has one activity, %s", (_title, actor, expected) =>
    withHarness(async (h) => {
      const template = joined("total_activities", "activities.size", "total_actors", "actors.size", "actors[0].id");
      expect(await rendered(h, template, actor === undefined ? {} : { actor })).toBe(expected);
    }),
  );

  it("E-080 E-081 an activity has its data, actor, recipient and times", () =>
    withHarness(async (h) => {
      const activity = (name: string) => `activities[0].${name}`;
      const template = joined(
        activity("n"),
        activity("data.n"),
        activity("actor.id"),
        activity("recipient.id"),
        activity("inserted_at"),
        activity("updated_at"),
        "timestamp",
      );
      const at = "2025-06-04T10:00:00.000Z";
      expect(await rendered(h, template, { actor: "bo", data: { n: 5 } })).toBe(`5|5|bo|ana|${at}|${at}|${at}`);
    }));

  it("E-082 current_message is the message that is being created", () =>
    withHarness(async (h) => {
      const body = await rendered(h, joined("current_message.id", "current_message.inserted_at"));
      expect(body).toBe(`${(await h.listMessages())[0]?.id}|2025-06-04T10:00:00.000Z`);
    }));

  it.each<[string, string, number, boolean]>([
    ["run.total_activities", "equal_to", 1, true],
    ["run.total_activities", "greater_than", 1, false],
    ["run.total_actors", "equal_to", 1, true],
    ["run.total_actors", "equal_to", 0, false],
  ])("E-078 conditions count activities and actors: %s %s %j", (variable, operator, argument, sent) =>
    withHarness(async (h) => {
      const conditions = buildCondition(variable, operator, String(argument));
      h.define("digest", { steps: [step.email("S", "B", { conditions })] });
      await h.trigger("digest", { recipients: ["ana"], actor: "bo" });
      expect(await h.listMessages()).toHaveLength(sent ? 1 : 0);
    }),
  );

  const BRANDING = ["primary_color", "primary_color_contrast", "dark_primary_color", "logo_url", "dark_logo_url"];

  it.each<[string, JsonObject, JsonObject | null, string]>([
    ["the defaults", {}, null, "#000000|#FFFFFF|#FFFFFF||"],
    ["the account's values", { primary_color: "#111111", logo_url: "a" }, null, "#111111|#FFFFFF|#FFFFFF|a|a"],
    [
      "the tenant's values over the account's",
      { primary_color: "#111111", logo_url: "a" },
      { logo_url: "t" },
      "#111111|#FFFFFF|#FFFFFF|t|t",
    ],
    ["a separate dark logo", { logo_url: "a", dark_logo_url: "d" }, null, "#000000|#FFFFFF|#FFFFFF|a|d"],
  ])("E-086 vars.branding has %s", (_title, account, own, expected) =>
    withHarness(async (h) => {
      h.environment.branding = account;
      await h.identify({ collection: "$tenants", id: "acme", settings: { branding: own ?? {} } });
      const template = joined(...BRANDING.map((name) => `vars.branding.${name}`));
      expect(await rendered(h, template, { tenant: "acme" })).toBe(expected);
    }),
  );

  it("E-072 trigger conditions have the scope of step conditions, without refs", () =>
    withHarness(async (h) => {
      const refs = buildCondition("refs.email_1.delivery_status", "equal_to", "$message.sent");
      expect(() => h.define("digest", { conditions: refs, steps: [step.email()] })).toThrow(/refs|status/);
      h.define("digest", { conditions: buildCondition("tenant.id", "equal_to", "acme"), steps: [step.email()] });
      await h.trigger("digest", { recipients: ["ana"], tenant: "acme" });
      await h.trigger("digest", { recipients: ["ana"], tenant: "other" });
      expect(await h.listMessages()).toHaveLength(1);
    }));
});

describe("9. Preference conditions", () => {
  /** Returns ana with this condition in the default set and in the set for the tenant. */
  const conditional = (variable: string, argument: Json): JsonObject => {
    const set = { channel_types: { email: { conditions: [{ variable, operator: "equal_to", argument }] } } };
    return { id: "ana", preferences: { default: set, acme: set } };
  };

  it.each<[string, Json]>([
    ["data.n", "1"],
    ["recipient.plan", "pro"],
    ["actor.plan", "free"],
    ["tenant.id", "acme"],
    ["vars.flag", "true"],
    ["workflow.key", "digest"],
    ["run.total_activities", "1"],
  ])("E-154 see %s", (variable, argument) =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.email()] });
      const payload = { recipients: ["ana"], actor: "bo", tenant: "acme", data: { n: 1 } };
      await h.identify(conditional(variable, argument));
      expect(formatRuns(await h.trigger("digest", payload)).ana).toBe("completed: email_1 sent");
      await h.identify(conditional(variable, '"else"'));
      expect(formatRuns(await h.trigger("digest", payload)).ana).toContain("email_1 skipped preference");
    }),
  );

  it("E-154 do not see message statuses", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.feed(), step.email()] });
      await h.identify(conditional("refs.in_app_feed_1.delivery_status", "$message.delivered"));
      expect(formatRuns(await h.trigger("digest", { recipients: ["ana"] })).ana).toContain(
        "email_1 skipped preference",
      );
    }));
});
