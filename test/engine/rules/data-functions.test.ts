import { describe, expect, it } from "vitest";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE } from "../../helpers/case-times.js";
import { describeEngineCases, type EngineCase, getRecipientOutcome, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const calling = (settings: JsonObject = {}, ref = "call_1"): JsonObject => ({
  ref,
  type: "trigger_workflow",
  settings: { workflow_key: "child", ...settings },
});
const updateData = (data: string): JsonObject => ({ ref: "update_1", type: "update_data", settings: { data } });

function update(type: "update_user" | "update_tenant", properties: JsonObject | string, gid?: string): JsonObject {
  return {
    ref: "update_1",
    type,
    settings: {
      recipient_mode: gid === undefined ? "current" : "reference",
      recipient_gid: gid ?? null,
      update_properties: typeof properties === "string" ? properties : JSON.stringify(properties),
    },
  };
}

const child = (h: EngineHarness) => h.define("child", { steps: [step.sms("{{ data.c }} {{ actor.id }}")] });

const data: EngineCase[] = [
  {
    title: "C-283 E-322 E-329 update_data merges shallowly, and the next step sees the result",
    workflow: [
      updateData('{"full":"{{ data.f }} {{ data.l }}","m":{"z":1}}'),
      step.email("S", "{{ data.full }}/{{ data.m.x }}/{{ data.m.z }}/{{ data.l }}"),
    ],
    payload: { data: { f: "Ada", l: "Byron", m: { x: 1 } } },
    messages: ["ana mail sent: Ada Byron//1/Byron"],
  },
  {
    title: "C-284 E-323 EQ-51 a missing property fails the step",
    workflow: [updateData('{"a":"{{ data.none }}"}'), step.email()],
    runs: { ana: "completed: update_1 failed render_error" },
    messages: [],
  },
  ...['{ "a": "{{ data.n | divided_by: 0 }}" }', "{{ data.n }}"].map(
    (template): EngineCase => ({
      title: `E-323 ${template} fails the step and halts the run`,
      workflow: [updateData(template), step.email()],
      payload: { data: { n: 1 } },
      runs: { ana: "completed: update_1 failed render_error" },
      messages: [],
    }),
  ),
  {
    title: "C-284 E-323 EQ-51 a missing property with a default does not fail the step",
    workflow: [updateData('{"a":"{{ data.none | default: "-" }}"}'), step.email("S", "{{ data.a }}")],
    messages: ["ana mail sent: -"],
  },
  {
    title: "E-322 EQ-55 values have the types of the JSON, and conditions see them",
    workflow: [
      updateData('{"n": {{ data.n | plus: 1 }}, "t": "{{ data.n }}"}'),
      step.email("S", "{{ data.n }}", { conditions: buildCondition("data.n", "equal_to", "2") }),
    ],
    payload: { data: { n: 1 } },
    messages: ["ana mail sent: 2"],
  },
  {
    title: "C-285 E-326 E-087 a user's properties are merged deeply, and the next step sees them",
    workflow: [
      update("update_user", { seen_count: 1, team: { size: 9 } }),
      step.email("S", "{{ recipient.team.name }} {{ recipient.team.size }}", {
        conditions: buildCondition("recipient.seen_count", "equal_to", "1"),
      }),
    ],
    messages: ["ana mail sent: North 9"],
    async check(h) {
      expect((await h.recipient("ana"))?.properties).toMatchObject({
        seen_count: 1,
        team: { name: "North", size: 9 },
        plan: "pro",
      });
    },
  },
  {
    title: "C-286 E-324 E-325 another user is updated, and created if unknown",
    workflow: [update("update_user", { plan: "x" }, "gid://Object/$users/{{ data.uid }}")],
    payload: { data: { uid: "new1" } },
    runs: { ana: "completed: update_1 passed" },
    async check(h) {
      expect((await h.recipient("new1"))?.properties).toEqual({ plan: "x" });
      expect((await h.recipient("ana"))?.properties.plan).toBe("pro");
    },
  },
  {
    title: "E-324 E-325 a tenant given by reference is created if unknown",
    workflow: [update("update_tenant", { plan: "pro" }, "gid://Object/$tenants/acme")],
    runs: { ana: "completed: update_1 passed" },
    async check(h) {
      expect((await h.recipient({ collection: "$tenants", id: "acme" }))?.properties).toMatchObject({ plan: "pro" });
    },
  },
  {
    title: "C-287 E-327 E-160 preferences are merged and apply to the next step",
    given: (h) => h.identify({ id: "ana", preferences: { default: { channel_types: { sms: false } } } }),
    workflow: [update("update_user", { preferences: { default: { channel_types: { email: false } } } }), step.email()],
    runs: {
      ana: "completed: update_1 passed, email_1 skipped preference (channel_types.email = false)",
    },
    async check(h) {
      expect((await h.recipient("ana"))?.preferences).toMatchObject({
        default: { channel_types: { email: false, sms: false } },
      });
      expect((await h.recipient("ana"))?.properties.preferences).toBeUndefined();
    },
  },
  {
    title: "C-288 E-328 channel data stays unchanged",
    given: (h) => h.identify({ id: "ana", channel_data: { "c-ios": { tokens: ["tok1"] } } }),
    workflow: [update("update_user", { channel_data: { "c-ios": { tokens: ["other"] } }, plan: "y" }), step.email()],
    runs: { ana: "completed: update_1 passed, email_1 sent" },
    async check(h) {
      const ana = await h.recipient("ana");
      expect(ana?.channel_data).toEqual({ "c-ios": { tokens: ["tok1"] } });
      expect(ana?.properties.plan).toBe("y");
      expect(ana?.properties.channel_data).toBeUndefined();
    },
  },
  {
    title: "C-289 E-327 a tenant's default preferences are merged",
    workflow: ["x", "y"].map((name) => ({
      ...update("update_tenant", { settings: { preference_set: { categories: { [name]: false } } } }),
      ref: `update_${name}`,
    })),
    payload: { tenant: "acme" },
    runs: { ana: "completed: update_x passed, update_y passed" },
    async check(h) {
      expect((await h.recipient({ collection: "$tenants", id: "acme" }))?.properties).toMatchObject({
        settings: { preference_set: { categories: { x: false, y: false } } },
      });
    },
  },
  {
    title: "E-327 E-087 a tenant's default preferences apply to the next step",
    workflow: {
      categories: ["x"],
      steps: [
        update("update_tenant", { settings: { preference_set: { categories: { x: false } } }, name: "Acme" }),
        step.email(),
        step.email("S", "{{ tenant.name }}", {}, "mail", "email_2"),
      ],
    },
    payload: { tenant: "acme" },
    runs: {
      ana: "completed: update_1 passed, email_1 skipped preference (categories.x = false in the defaults of tenant acme), email_2 skipped preference (categories.x = false in the defaults of tenant acme)",
    },
  },
  {
    title: "C-290 E-325 an object is created in a new collection",
    workflow: [
      {
        ref: "update_1",
        type: "update_object",
        settings: { recipient_gid: "gid://Object/boats/b1", update_properties: '{"state":"ok"}' },
      },
    ],
    async check(h) {
      expect((await h.recipient({ collection: "boats", id: "b1" }))?.properties).toEqual({ state: "ok" });
    },
  },
  {
    title: "C-290 E-325 E-087 T-071 the next step reads the new object",
    workflow: [
      {
        ref: "update_1",
        type: "update_object",
        settings: { recipient_gid: "gid://Object/boats/b1", update_properties: '{"state":"ok","crew":{"size":2}}' },
      },
      {
        ref: "update_2",
        type: "update_object",
        settings: { recipient_gid: "gid://Object/boats/b1", update_properties: '{"crew":{"captain":"ana"}}' },
      },
      step.email(
        "S",
        '{% assign b = "b1" | object: "boats" %}{{ b.id }} {{ b.state }} {{ b.crew.size }} {{ b.crew.captain }}',
      ),
    ],
    messages: ["ana mail sent: b1 ok 2 ana"],
  },
  {
    title: "C-286 E-325 E-087 T-070 the next step reads the new user",
    workflow: [
      update("update_user", { plan: "x" }, "gid://Object/$users/new1"),
      step.email("S", '{% assign u = "new1" | user %}{{ u.id }} {{ u.plan }} {{ u.__typename }}'),
    ],
    messages: ["ana mail sent: new1 x User"],
  },
  {
    title: "E-325 E-087 T-072 the next step reads the new tenant, as the run's own and by the filter",
    workflow: [
      update("update_tenant", { name: "Fresh", settings: { branding: { primary_color: "#123456" } } }),
      step.email(
        "S",
        '{{ tenant.name }} {{ vars.branding.primary_color }} {% assign t = "fresh" | tenant %}{{ t.name }}',
      ),
    ],
    payload: { tenant: "fresh" },
    messages: ["ana mail sent: Fresh #123456 Fresh"],
  },
  {
    title: "E-325 E-087 a new object is available to the steps of a leading batch",
    workflow: [
      update("update_user", { plan: "x" }, "gid://Object/$users/new1"),
      {
        ref: "batch_1",
        type: "batch",
        settings: { batch_window: { unit: "minutes", value: 5 }, batch_execution_mode: "flush_leading" },
      },
      step.email("S", '{% assign u = "new1" | user %}{{ u.plan }}'),
    ],
    messages: ["ana mail sent: x"],
  },
  {
    title: "E-325 E-043 a workflow can be triggered for a user whom the previous step created",
    given: child,
    workflow: [
      update("update_user", { phone_number: "+15550000009" }, "gid://Object/$users/new1"),
      calling({ recipients: "new1" }),
    ],
    payload: { data: { c: 1 } },
    runs: { ana: "completed: update_1 passed, call_1 passed" },
    messages: ["new1 text sent: 1 "],
  },
  {
    title: "C-291 E-331 EQ-56 the current user is unavailable if the recipient is an object",
    workflow: [update("update_user", { plan: "x" }), step.feed()],
    payload: { recipients: [{ collection: "projects", id: "p1" }] },
    runs: { "projects/p1": "completed: update_1 skipped not_applicable, in_app_feed_1 sent" },
    async check(h, outcome) {
      const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
      expect(run).toMatchObject({ error_count: 1 });
      expect(run?.events).toContainEqual(
        expect.objectContaining({ event: "step_skipped", status: "error", step_ref: "update_1" }),
      );
    },
  },
  {
    title: "E-331 EQ-56 the current tenant is unavailable without a tenant",
    workflow: [update("update_tenant", { name: "x" }), step.email()],
    runs: { ana: "completed: update_1 skipped not_applicable, email_1 sent" },
    async check(h, outcome) {
      const run = await h.engine.readRecipientRun(getRecipientOutcome(outcome, "ana").recipient_run_id as string);
      expect(run).toMatchObject({ error_count: 1 });
    },
  },
  {
    title: "E-329 EQ-55 rendered text that is not a JSON object fails the step",
    workflow: [update("update_user", "{{ data.props }}"), step.email()],
    payload: { data: { props: "[1]" } },
    runs: { ana: "completed: update_1 failed render_error" },
  },
  {
    title: "E-326 E-087 the next step sees an update by another run",
    workflow: [step.delay("hours", 1), step.email("S", "{{ recipient.plan }} {{ actor.name }}")],
    given: (h) => h.define("other", { steps: [update("update_user", { name: "Elias" }, "gid://Object/$users/eli")] }),
    payload: { actor: "eli" },
    moments: [
      { at: MINUTE, action: (h) => h.trigger("other", { recipients: ["bo"] }) },
      { at: HOUR, messages: ["ana mail sent: pro Elias"] },
    ],
  },
];

// C-292 and C-296 are in audiences.test.ts.
describeEngineCases("Q. Data functions", data);

describe("Q. Data functions: rejected", () => {
  it("C-295 E-333 a step cannot add to the audience that triggers its workflow", () => {
    const definition = {
      name: "digest",
      trigger: { type: "audience", audience_key: "beta" },
      steps: [{ ref: "a1", type: "update_audience", settings: { action: "add", audience_key: "beta" } }],
    };
    expect(() => parseWorkflow("digest", definition)).toThrow(
      expect.objectContaining({
        code: "workflow_invalid",
        details: [expect.objectContaining({ pointer: "/steps/0/settings/audience_key" })],
      }),
    );
  });
});

describe("Q. Data functions: invalid properties", () => {
  it.each<[string, JsonObject]>([
    ["email", { email: "{{ data.n }}" }],
    ["created_at", { created_at: "soon" }],
    ["preferences", { preferences: { default: { channel_types: { emial: true } } } }],
  ])("A-090 a step that would store an invalid %s fails and changes nothing", (_what, changes) =>
    withHarness(async (h) => {
      const before = (await h.recipient("ana"))?.properties;
      const update_properties = JSON.stringify({ ...changes, plan: "free" }).replace('"{{ data.n }}"', "{{ data.n }}");
      h.define("digest", {
        steps: [{ ref: "update_1", type: "update_user", settings: { recipient_mode: "current", update_properties } }],
      });
      const outcome = await h.trigger("digest", { recipients: ["ana"], data: { n: 5 } });
      expect(outcome.recipients?.[0]?.steps).toMatchObject([{ ref: "update_1", outcome: "failed" }]);
      expect((await h.recipient("ana"))?.properties).toEqual(before);
    }),
  );
});
