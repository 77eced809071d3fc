import { describe, expect, it } from "vitest";
import { keyOf } from "../../../src/domain/recipient/recipient.js";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import type { JsonObject } from "../../../src/util/json.js";
import { describeCases, type EngineCase } from "../../helpers/engine-case.js";
import { type EngineHarness, HOUR, MINUTE, of, step, when } from "../../helpers/engine-harness.js";

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

/** The runs of `child`, the oldest first. */
async function childRuns(h: EngineHarness) {
  const { items } = await h.store.listRecipientRuns({ workflow: "child" }, { limit: 100 });
  return items.reverse();
}

async function events(h: EngineHarness, outcome: Parameters<typeof of>[0], recipient: string) {
  const run = await h.store.readRecipientRun(of(outcome, recipient).recipient_run_id as string);
  return run?.recipientRun.events ?? [];
}

const nested: EngineCase[] = [
  {
    title: "C-278 E-315 E-316 E-010: the child gets the parent's recipient, data, actor, tenant and key",
    given: child,
    workflow: [calling(), step.email()],
    payload: { data: { c: 1 }, cancellation_key: "ck", actor: "eli", tenant: "acme" },
    runs: { ana: "completed: call_1 passed, email_1 sent" },
    messages: ["ana mail sent: B", "ana text sent: 1 eli"],
    async check(h, outcome) {
      const [{ run, recipientRun }, ...others] = (await childRuns(h)) as [Awaited<ReturnType<typeof childRuns>>[0]];
      expect(others).toEqual([]);
      expect(run).toMatchObject({
        workflow: "child",
        data: { c: 1 },
        tenant: "acme",
        cancellation_key: "ck",
        trigger_source: { type: "workflow_step" },
      });
      expect(run.id).not.toBe(outcome.workflow_run_id);
      expect(recipientRun.status).toBe("completed");
      const called = (await events(h, outcome, "ana")).find(({ step_ref }) => step_ref === "call_1");
      expect(called?.data).toEqual({ workflow: "child", workflow_run_id: run.id });
    },
  },
  {
    title: "C-279 E-315: one per parent run",
    given: child,
    workflow: [calling()],
    payload: { recipients: ["ana", "bo"] },
    async check(h) {
      const runs = await childRuns(h);
      expect(runs.map(({ recipientRun }) => recipientRun.recipient)).toEqual(["ana", "bo"].map(keyOf));
      expect(new Set(runs.map(({ run }) => run.id)).size).toBe(2);
    },
  },
  {
    title: "E-316 EQ-50: an object recipient is passed as an object",
    given: (h) => h.define("child", { steps: [step.feed("{{ recipient.name }}")] }),
    workflow: [calling()],
    payload: { recipients: [{ collection: "projects", id: "p1" }] },
    messages: ["projects/p1 feed delivered: <p>Kestrel</p>"],
  },
  {
    title: "C-280 E-317: a child that is switched off",
    given(h) {
      child(h);
      h.environment.active.child = false;
    },
    workflow: [calling(), step.email()],
    runs: { ana: "completed: call_1 skipped workflow_unavailable, email_1 sent" },
    messages: ["ana mail sent: B"],
  },
  {
    title: "E-317: a child that is not there",
    workflow: [calling(), step.email()],
    runs: { ana: "completed: call_1 skipped workflow_unavailable, email_1 sent" },
  },
  {
    title: "C-281 E-319: the parent cancelled before the step",
    given: child,
    workflow: [step.delay("hours", 1), calling()],
    payload: { cancellation_key: "ck" },
    later: [
      { at: 10 * MINUTE, act: (h) => h.cancel("digest", "ck") },
      {
        at: 2 * HOUR,
        messages: [],
        async check(h) {
          expect(await childRuns(h)).toEqual([]);
        },
      },
    ],
  },
  {
    title: "C-282 E-319 E-353 E-362: the parent cancelled after it",
    given: (h) => h.define("child", { steps: [step.delay("hours", 1), step.sms()] }),
    workflow: [calling()],
    payload: { cancellation_key: "ck" },
    later: [
      { at: 10 * MINUTE, act: (h) => h.cancel("digest", "ck"), messages: [] },
      { at: HOUR, messages: ["ana text sent: M"] },
    ],
  },
  {
    title: "C-282 E-319 E-353 E-362: the child cancelled",
    given: (h) => h.define("child", { steps: [step.delay("hours", 1), step.sms()] }),
    workflow: [calling()],
    payload: { cancellation_key: "ck" },
    later: [
      {
        at: 10 * MINUTE,
        async act(h) {
          expect((await h.cancel("child", "ck")).summary).toEqual({ cancelled: 1, not_cancellable: 0 });
        },
      },
      { at: 2 * HOUR, messages: [], runs: { ana: "completed: call_1 passed" } },
    ],
  },
  {
    title: "C-293 E-321 EQ-50: recipients as a JSON list; the object fans out",
    async given(h) {
      h.define("child", { steps: [step.feed("{{ recipient.id }}")] });
      await h.store.upsertSubscriptions(
        [{ object: keyOf({ collection: "projects", id: "p1" }), recipient: keyOf("dee"), properties: {} }],
        h.now,
      );
    },
    workflow: [calling({ recipients: '["bo",{"collection":"projects","id":"p1"}]' })],
    messages: ["bo", "p1", "dee"].map((id) => `${id === "p1" ? "projects/p1" : id} feed delivered: <p>${id}</p>`),
  },
  {
    title: "E-321 EQ-50: recipients as one id",
    given: child,
    workflow: [calling({ recipients: "{{ data.to }}", data: '{"c":"{{ data.to }}"}', actor: "eli" })],
    payload: { data: { to: "cy" } },
    messages: ["cy text sent: cy eli"],
  },
  {
    title: "EQ-50: no recipients: the step fails",
    given: child,
    workflow: [calling({ recipients: "{{ data.none }}" }), step.email()],
    runs: { ana: "completed: call_1 failed render_error" },
    messages: [],
  },
  {
    title: "C-294 E-318 E-164: data that is no JSON: three attempts, then the run halts",
    given: child,
    workflow: [calling({ data: "{{ data.bad }}" }), step.email()],
    payload: { data: { bad: "oops" } },
    runs: { ana: "completed: call_1 failed render_error" },
    messages: [],
    async check(h, outcome) {
      expect((await events(h, outcome, "ana")).map(({ event, attempt }) => `${event} ${attempt}`)).toEqual([
        "run_started 1",
        "step_retried 1",
        "step_retried 2",
        "step_failed 3",
        "run_completed 1",
      ]);
      expect(await childRuns(h)).toEqual([]);
    },
  },
  {
    title: "E-318: data that the child's schema refuses",
    given: (h) =>
      h.define("child", {
        trigger_data_json_schema: { type: "object", properties: { c: { type: "string" } }, required: ["c"] },
        steps: [step.sms()],
      }),
    workflow: [calling()],
    payload: { data: { c: 1 } },
    runs: { ana: "completed: call_1 failed render_error" },
    messages: [],
  },
  {
    title: "E-024 E-317: the child's newest version, as it is at the step",
    given: (h) => h.define("child", { steps: [step.sms("old")] }),
    workflow: [step.delay("hours", 1), calling()],
    later: [
      { at: MINUTE, act: (h) => h.define("child", { steps: [step.sms("new")] }) },
      { at: HOUR, messages: ["ana text sent: new"] },
    ],
  },
  {
    title: "E-315: a workflow that triggers itself ends",
    workflow: [calling({ workflow_key: "digest" }), step.feed()],
    async check(h) {
      const { items } = await h.store.listRecipientRuns({ workflow: "digest" }, { limit: 100 });
      expect(items).toHaveLength(11);
      expect(items.filter(({ recipientRun }) => recipientRun.steps[0]?.outcome === "failed")).toHaveLength(1);
    },
  },
];

describeCases("Q. Nested trigger", nested);

const data: EngineCase[] = [
  {
    title: "C-283 E-322: a shallow merge, visible at once",
    workflow: [
      updateData('{"full":"{{ data.f }} {{ data.l }}","m":{"z":1}}'),
      step.email("S", "{{ data.full }}/{{ data.m.x }}"),
    ],
    payload: { data: { f: "Ada", l: "Byron", m: { x: 1 } } },
    messages: ["ana mail sent: Ada Byron/"],
  },
  {
    title: "C-284 E-323 EQ-51: a property that is missing fails the step",
    workflow: [updateData('{"a":"{{ data.none }}"}'), step.email()],
    runs: { ana: "completed: update_1 failed render_error" },
    messages: [],
  },
  {
    title: "C-284 E-323 EQ-51: unless default stands for it",
    workflow: [updateData('{"a":"{{ data.none | default: "-" }}"}'), step.email("S", "{{ data.a }}")],
    messages: ["ana mail sent: -"],
  },
  {
    title: "E-322 EQ-55: types follow from the JSON, and conditions see them",
    workflow: [
      updateData('{"n": {{ data.n | plus: 1 }}, "t": "{{ data.n }}"}'),
      step.email("S", "{{ data.n }}", { conditions: when("data.n", "equal_to", "2") }),
    ],
    payload: { data: { n: 1 } },
    messages: ["ana mail sent: 2"],
  },
  {
    title: "C-285 E-326 E-087: a user's properties merge deeply, the next step sees them",
    workflow: [
      update("update_user", { seen_count: 1, team: { size: 9 } }),
      step.email("S", "{{ recipient.team.name }} {{ recipient.team.size }}", {
        conditions: when("recipient.seen_count", "equal_to", "1"),
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
    title: "C-286 E-324 E-325: another user, made where unknown",
    workflow: [update("update_user", { plan: "x" }, "gid://Object/$users/{{ data.uid }}")],
    payload: { data: { uid: "new1" } },
    runs: { ana: "completed: update_1 passed" },
    async check(h) {
      expect((await h.recipient("new1"))?.properties).toEqual({ plan: "x" });
      expect((await h.recipient("ana"))?.properties.plan).toBe("pro");
    },
  },
  {
    title: "C-287 E-327 E-160: preferences merge, and hold at once",
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
    title: "C-288 E-328: channel data stays",
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
    title: "C-289 E-327: a tenant's default preferences keep both keys",
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
    title: "E-327 E-087: and they hold at once",
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
    title: "C-290 E-325: an object in a collection that is new",
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
    title: "C-290 E-325 E-087 T-071: the next step reads the new object",
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
    title: "C-286 E-325 E-087 T-070: the next step reads the new user",
    workflow: [
      update("update_user", { plan: "x" }, "gid://Object/$users/new1"),
      step.email("S", '{% assign u = "new1" | user %}{{ u.id }} {{ u.plan }} {{ u.__typename }}'),
    ],
    messages: ["ana mail sent: new1 x User"],
  },
  {
    title: "E-325 E-087 T-072: the next step reads the new tenant, as the run's own and by the filter",
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
    title: "E-325 E-087: a new object is still there for the steps that lead a batch",
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
    title: "E-325 E-043: a workflow triggered for a user that the step before created",
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
    title: "C-291 E-331 EQ-56: no current user where the recipient is an object",
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
    title: "E-331 EQ-56: no current tenant where there is none",
    workflow: [update("update_tenant", { name: "x" }), step.email()],
    runs: { ana: "completed: update_1 skipped not_applicable, email_1 sent" },
  },
  {
    title: "E-329 EQ-55: rendered text that is no JSON object fails the step",
    workflow: [update("update_user", "{{ data.props }}"), step.email()],
    payload: { data: { props: "[1]" } },
    runs: { ana: "completed: update_1 failed render_error" },
  },
  {
    title: "E-326 E-087: what another run updated is seen at the next step",
    workflow: [step.delay("hours", 1), step.email("S", "{{ recipient.plan }} {{ actor.name }}")],
    given: (h) => h.define("other", { steps: [update("update_user", { name: "Elias" }, "gid://Object/$users/eli")] }),
    payload: { actor: "eli" },
    later: [
      { at: MINUTE, act: (h) => h.trigger("other", { recipients: ["bo"] }) },
      { at: HOUR, messages: ["ana mail sent: pro Elias"] },
    ],
  },
];

// C-292 and C-296: audiences are not run yet.
describeCases("Q. Data functions", data);

describe("Q. Data functions: refused", () => {
  it("C-295 E-333: adding to the audience that triggers the workflow", () => {
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
