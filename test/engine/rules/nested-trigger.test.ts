import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE } from "../../helpers/case-times.js";
import {
  describeEngineCases,
  type EngineCase,
  formatRun,
  getBodyText,
  getRecipientOutcome,
  withHarness,
} from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const calling = (settings: JsonObject = {}, ref = "call_1"): JsonObject => ({
  ref,
  type: "trigger_workflow",
  settings: { workflow_key: "child", ...settings },
});
const child = (h: EngineHarness) => h.define("child", { steps: [step.sms("{{ data.c }} {{ actor.id }}")] });

/** Returns the runs of `child`, oldest first. */
async function childRuns(h: EngineHarness) {
  const { items } = await h.store.listRecipientRuns({ workflow: "child" }, { limit: 100 });
  return items.reverse();
}

async function events(h: EngineHarness, outcome: Parameters<typeof getRecipientOutcome>[0], recipient: string) {
  const run = await h.store.readRecipientRun(getRecipientOutcome(outcome, recipient).recipient_run_id as string);
  return run?.recipientRun.events ?? [];
}

const nested: EngineCase[] = [
  {
    title: "C-278 E-315 E-316 E-010 the child has the parent's recipient, data, actor, tenant and cancellation key",
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
    title: "C-279 E-315 E-320 each parent run starts a separate workflow run",
    given: child,
    workflow: [calling(), step.email()],
    payload: { recipients: ["ana", "bo"] },
    runs: { ana: "completed: call_1 passed, email_1 sent", bo: "completed: call_1 passed, email_1 sent" },
    async check(h) {
      const runs = await childRuns(h);
      expect(runs.map(({ recipientRun }) => recipientRun.recipient)).toEqual(["ana", "bo"].map(toRecipientKey));
      expect(new Set(runs.map(({ run }) => run.id)).size).toBe(2);
      const { items } = await h.engine.listRecipientRuns({ workflow: "child" }, { limit: 10 });
      expect(items.map((run) => run.trigger_source)).toEqual([{ type: "workflow_step" }, { type: "workflow_step" }]);
    },
  },
  {
    title: "E-316 EQ-50 an object recipient is passed as an object",
    given: (h) => h.define("child", { steps: [step.feed("{{ recipient.name }}")] }),
    workflow: [calling()],
    payload: { recipients: [{ collection: "projects", id: "p1" }] },
    messages: ["projects/p1 feed delivered: <p>Kestrel</p>"],
  },
  {
    title: "C-280 E-317 an inactive child skips the step",
    given(h) {
      child(h);
      h.environment.active.child = false;
    },
    workflow: [calling(), step.email()],
    runs: { ana: "completed: call_1 skipped workflow_unavailable, email_1 sent" },
    messages: ["ana mail sent: B"],
  },
  {
    title: "E-317 an unknown child skips the step",
    workflow: [calling(), step.email()],
    runs: { ana: "completed: call_1 skipped workflow_unavailable, email_1 sent" },
  },
  {
    title: "C-281 E-319 a parent canceled before the step starts no child",
    given: child,
    workflow: [step.delay("hours", 1), calling()],
    payload: { cancellation_key: "ck" },
    moments: [
      { at: 10 * MINUTE, action: (h) => h.cancel("digest", "ck") },
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
    title: "C-282 E-319 E-353 E-362 a parent canceled after the step does not cancel the child",
    given: (h) => h.define("child", { steps: [step.delay("hours", 1), step.sms()] }),
    workflow: [calling(), step.delay("hours", 5)],
    payload: { cancellation_key: "ck" },
    moments: [
      {
        at: 10 * MINUTE,
        action: (h) => h.cancel("digest", "ck"),
        runs: { ana: "cancelled: call_1 passed, delay_1 cancelled cancelled" },
        messages: [],
      },
      { at: HOUR, messages: ["ana text sent: M"] },
    ],
  },
  {
    title: "C-282 E-319 E-353 E-362 the child can be canceled with the parent's key",
    given: (h) => h.define("child", { steps: [step.delay("hours", 1), step.sms()] }),
    workflow: [calling()],
    payload: { cancellation_key: "ck" },
    moments: [
      {
        at: 10 * MINUTE,
        async action(h) {
          expect((await h.cancel("child", "ck")).summary).toEqual({
            cancelled: 1,
            not_cancellable: 0,
            unfinished_triggers: 0,
          });
        },
      },
      { at: 2 * HOUR, messages: [], runs: { ana: "completed: call_1 passed" } },
    ],
  },
  {
    title: "C-293 E-321 EQ-50 recipients may be a JSON list, and an object reaches its subscribers",
    async given(h) {
      h.define("child", { steps: [step.feed("{{ recipient.id }}")] });
      await h.store.upsertSubscriptions(
        [
          {
            object: toRecipientKey({ collection: "projects", id: "p1" }),
            recipient: toRecipientKey("dee"),
            properties: {},
          },
        ],
        h.now,
      );
    },
    workflow: [calling({ recipients: '["bo",{"collection":"projects","id":"p1"}]' })],
    messages: ["bo", "p1", "dee"].map((id) => `${id === "p1" ? "projects/p1" : id} feed delivered: <p>${id}</p>`),
  },
  {
    title: "E-321 EQ-50 recipients may be a single ID",
    given: child,
    workflow: [calling({ recipients: "{{ data.to }}", data: '{"c":"{{ data.to }}"}', actor: "eli" })],
    payload: { data: { to: "cy" } },
    messages: ["cy text sent: cy eli"],
  },
  ...[
    ['{ "id": "eli" }', "eli"],
    ['"dee"', "dee"],
  ].map(
    ([recipients = "", id]): EngineCase => ({
      title: `E-321 recipients may be ${recipients}`,
      given: (h) => h.define("child", { steps: [step.feed("{{ recipient.id }}")] }),
      workflow: [calling({ recipients })],
      messages: [`${id} feed delivered: <p>${id}</p>`],
    }),
  ),
  {
    title: "EQ-50 empty recipients fail the step",
    given: child,
    workflow: [calling({ recipients: "{{ data.none }}" }), step.email()],
    runs: { ana: "completed: call_1 failed render_error" },
    messages: [],
  },
  {
    title: "C-294 E-318 E-164 data that is not JSON fails after three attempts and stops the run",
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
    title: "E-318 data whose template fails to render fails the step",
    given: child,
    workflow: [calling({ data: '{ "c": "{{ data.n | divided_by: 0 }}" }' }), step.email()],
    payload: { data: { n: 1 } },
    runs: { ana: "completed: call_1 failed render_error" },
    messages: [],
  },
  {
    title: "E-318 data that the child's schema rejects fails the step",
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
    title: "E-024 E-317 the step triggers the child's newest version at that time",
    given: (h) => h.define("child", { steps: [step.sms("old")] }),
    workflow: [step.delay("hours", 1), calling()],
    moments: [
      { at: MINUTE, action: (h) => h.define("child", { steps: [step.sms("new")] }) },
      { at: HOUR, messages: ["ana text sent: new"] },
    ],
  },
  {
    title: "E-315 a workflow that triggers itself is stopped",
    workflow: [calling({ workflow_key: "digest" }), step.feed()],
    async check(h) {
      const { items } = await h.store.listRecipientRuns({ workflow: "digest" }, { limit: 100 });
      expect(items).toHaveLength(11);
      expect(items.filter(({ recipientRun }) => recipientRun.steps[0]?.outcome === "failed")).toHaveLength(1);
    },
  },
];

describeEngineCases("Q. Nested trigger", nested);

describe("Q. Nested trigger: an invalid child", () => {
  it("E-318 TQ-3 a child with invalid templates fails the step and blocks no other run", () =>
    withHarness(async (h) => {
      h.define("child", { steps: [step.email("S", "{{ data.n | nope }}")] });
      h.define("parent", { steps: [calling(), step.email()] });
      h.define("good", { steps: [step.delay("minutes", 1), step.email("S", "good")] });
      await h.trigger("good", { recipients: ["ana"] });
      const outcome = await h.trigger("parent", { recipients: ["ana"] });
      expect(formatRun(getRecipientOutcome(outcome, "ana"))).toBe("completed: call_1 failed render_error");
      expect(outcome.recipients?.[0]?.steps[0]?.reason?.detail).toContain(
        'workflow "child", step email_1: steps[0].template.html_body, line 1, column 13: unknown filter: nope',
      );
      await h.at(MINUTE);
      expect((await h.listMessages()).map(getBodyText)).toEqual(["good"]);
    }));
});
