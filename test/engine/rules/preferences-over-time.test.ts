import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE } from "../../helpers/case-times.js";
import { describeEngineCases, formatMessage, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const noEmail: JsonObject = { channel_types: { email: false } };

async function tenantDefaults(h: EngineHarness): Promise<unknown> {
  const tenant = await h.recipient({ collection: "$tenants", id: "acme" });
  return (tenant?.properties.settings as JsonObject | undefined)?.preference_set;
}

const unsubscribe = "{% if vars.commercial_unsubscribe_url %}out{% endif %}";

describeEngineCases("G. Preferences: written, and read at the step", [
  {
    title: "C-122 E-145 merging tenant defaults keeps __strategy__",
    given: (h) =>
      h.identify(
        {
          collection: "$tenants",
          id: "acme",
          settings: { preference_set: { categories: { updates: { __strategy__: "replace", ...noEmail } } } },
        },
        {
          id: "bo",
          preferences: { acme: { categories: { updates: { channel_types: { email: true } } } } },
        },
      ),
    workflow: { categories: ["updates"], steps: [step.email()] },
    payload: {
      recipients: ["bo"],
      tenant: { id: "acme", settings: { preference_set: { categories: { updates: noEmail } } } },
    },
    runs: {
      bo: "completed: email_1 skipped preference (categories.updates.channel_types.email = false in the defaults of tenant acme)",
    },
    messages: [],
    async check(h) {
      expect(await tenantDefaults(h)).toEqual({
        categories: { updates: { __strategy__: "replace", channel_types: { email: false } } },
      });
    },
  },
  {
    title: "C-139 E-138 E-141 null in an inline tenant removes its default preferences",
    given: (h) =>
      h.identify(
        { collection: "$tenants", id: "acme", settings: { preference_set: { channel_types: { email: true } } } },
        { id: "bo", preferences: { default: noEmail } },
      ),
    workflow: [step.email()],
    payload: { recipients: ["bo"], tenant: { id: "acme", settings: { preference_set: null } } },
    runs: { bo: "completed: email_1 skipped preference (channel_types.email = false)" },
    async check(h) {
      expect(await tenantDefaults(h)).toBeNull();
    },
  },
  {
    title: "C-132 E-085 E-158 a commercial email has an unsubscribe URL",
    workflow: { settings: { is_commercial: true }, steps: [step.email("S", unsubscribe)] },
    messages: ["ana mail sent: out"],
  },
  {
    title: "C-132 E-085 an email that is not commercial has no unsubscribe URL",
    workflow: [step.email("S", unsubscribe)],
    messages: ["ana mail sent: "],
  },
  {
    title: "C-134 E-160 a step uses the preferences at that time",
    workflow: [step.delay("hours", 1), step.email()],
    payload: { recipients: ["bo"] },
    moments: [
      { at: 30 * MINUTE, action: (h) => h.identify({ id: "bo", preferences: { default: noEmail } }) },
      {
        at: HOUR,
        runs: { bo: "completed: delay_1 passed, email_1 skipped preference (channel_types.email = false)" },
        messages: [],
      },
    ],
  },
]);

const muted: JsonObject = {
  workflows: {
    digest: { conditions: [{ variable: "recipient.muted", operator: "not_contains", argument: "data.item" }] },
  },
};
const batch = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "minutes", value: 5 } } };

async function gather(h: EngineHarness, ...items: string[]): Promise<string[]> {
  await h.identify({ id: "bo", muted: ["i1"], preferences: { default: muted } } as JsonObject);
  h.define("digest", { steps: [batch, step.email("S", "{{ total_activities }}")] });
  for (const item of items) await h.trigger("digest", { recipients: ["bo"], data: { item } });
  await h.at(5 * MINUTE);
  return (await h.listMessages()).map(formatMessage);
}

describe("G. Preferences over time", () => {
  it("C-125 E-155 a preference that mutes the first activity of a batch skips the whole batch", () =>
    withHarness(async (h) => expect(await gather(h, "i1", "i2")).toEqual([])));

  it("C-126 E-155 a preference that mutes a later activity skips nothing", () =>
    withHarness(async (h) => expect(await gather(h, "i2", "i1")).toEqual(["bo mail sent: 2"])));

  it("C-138 E-138 setting a preference set replaces the previous set", () =>
    withHarness(async (h) => {
      const { preferences } = h.engine.resources;
      await preferences.set("ana", "default", { channel_types: { email: false } });
      await preferences.set("ana", "default", { workflows: { digest: false } });
      h.define("other", { steps: [step.email()] });
      h.define("digest", { steps: [step.email()] });
      await h.trigger("other", { recipients: ["ana"] });
      await h.trigger("digest", { recipients: ["ana"] });
      expect((await h.listMessages()).map(({ workflow }) => workflow)).toEqual(["other"]);
    }));
});
