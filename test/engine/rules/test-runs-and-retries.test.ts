import { describe, expect, it } from "vitest";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import type { StoredChannelData } from "../../../src/ports/provider.js";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { catchRejection } from "../../helpers/catch-error.js";
import {
  formatEvents,
  formatMessage,
  formatRuns,
  formatSteps,
  getRecipientOutcome,
  withHarness,
} from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

async function listEvents(h: EngineHarness, id: unknown): Promise<JsonObject[]> {
  return (await h.engine.readRecipientRun(String(id)))?.events as JsonObject[];
}

describe("test runs", () => {
  const rehearse = (h: EngineHarness, workflow: string) =>
    h.engine.triggerWorkflow(parseTrigger({ recipients: ["ana"] }, workflow).trigger, {
      idempotency_key: null,
      source: "rehearsal",
    });

  it.each(["once_per_recipient", "once_per_recipient_per_tenant"])(
    "C-046 E-069 E-409 a test run ignores %s and does not use it up",
    (trigger_frequency) =>
      withHarness(async (h) => {
        h.define("once", { trigger_frequency, steps: [step.email()] });
        await rehearse(h, "once");
        expect(formatSteps(getRecipientOutcome(await h.trigger("once", { recipients: ["ana"] }), "ana"))).toEqual([
          "email_1 sent",
        ]);
        expect(formatSteps(getRecipientOutcome(await rehearse(h, "once"), "ana"))).toEqual(["email_1 sent"]);
        const refused = getRecipientOutcome(await h.trigger("once", { recipients: ["ana"] }), "ana");
        expect(refused.reason?.code).toBe("trigger_frequency");
        expect(await h.listMessages()).toHaveLength(3);
      }),
  );
});

describe("E-213 manual retries of undelivered messages", () => {
  it("C-179 E-213 queue a message again with all its attempts, and send it", () =>
    withHarness(async (h) => {
      h.deliver = () => ({ status: "failed", retryable: false, reason: "no such mailbox" });
      h.define("w", { steps: [step.email()] });
      const started = await h.trigger("w", { recipients: ["ana"] });
      const [message] = await h.listMessages();
      h.deliver = () => ({ status: "sent" });
      const [retried] = await h.engine.retryMessages([String(message?.id)]);
      expect(retried).toMatchObject({ id: message?.id, status: "sent" });
      const [now] = await h.listMessages();
      expect(now && formatEvents(now)).toEqual([
        "created +0s",
        "queued +0s",
        "delivery_attempted +0s",
        "undelivered +0s",
        "queued +0s",
        "sent +0s",
      ]);
      expect(now?.attempts).toBe(1);
      expect(formatRuns(await h.readOutcome(started))).toEqual({ ana: "completed: email_1 sent" });
    }));

  it("E-213 reject other messages and unknown IDs, and change nothing", () =>
    withHarness(async (h) => {
      h.deliver = ({ recipient }) =>
        recipient.endsWith("/bo") ? { status: "failed", retryable: false, reason: "gone" } : { status: "sent" };
      h.define("w", { steps: [step.email()] });
      await h.trigger("w", { recipients: ["ana", "bo"] });
      const ids = (await h.listMessages()).map(({ id }) => id);
      expect((await catchRejection(h.engine.retryMessages(ids))).code).toBe("conflict");
      expect((await catchRejection(h.engine.retryMessages([...ids, "none"]))).code).toBe("resource_missing");
      expect((await h.listMessages()).map(formatMessage)).toEqual(["ana mail sent: B", "bo mail undelivered: B"]);
    }));
});

describe("a trigger step for an unidentified recipient", () => {
  const trigger = (recipients: string): JsonObject => ({
    ref: "trigger_1",
    type: "trigger_workflow",
    settings: { workflow_key: "child", recipients },
  });
  async function parent(h: EngineHarness, recipients: string, payload: JsonObject = {}) {
    h.define("child", { steps: [step.sms()] });
    h.define("parent", { steps: [trigger(recipients), step.feed()] });
    return getRecipientOutcome(await h.trigger("parent", { recipients: ["ana"], ...payload }), "ana");
  }

  it("E-043 E-316 is skipped with the recipient's ID, and the run continues", () =>
    withHarness(async (h) => {
      const outcome = await parent(h, '["zed", "yan"]');
      expect(outcome.steps[0]).toMatchObject({
        outcome: "skipped",
        reason: { code: "recipient_not_found", detail: "zed, yan" },
      });
      expect(formatSteps(outcome)).toEqual(["trigger_1 skipped recipient_not_found", "in_app_feed_1 sent"]);
      const skipped = (await listEvents(h, outcome.recipient_run_id)).find(({ event }) => event === "step_skipped");
      expect(skipped?.data).toMatchObject({ reason: "recipient_not_found", detail: "zed, yan" });
      expect((await h.engine.listRecipientRuns({ workflow: "child" }, { limit: 10 })).items).toEqual([]);
    }));

  it("E-043 E-316 triggers the workflow for the other recipients and adds a warning to its event", () =>
    withHarness(async (h) => {
      const outcome = await parent(h, '["cy", "zed", {"id":"new","phone_number":"+15550000009"}]');
      expect(formatSteps(outcome)).toEqual(["trigger_1 passed", "in_app_feed_1 sent"]);
      const told = (await listEvents(h, outcome.recipient_run_id)).find(({ event }) => event === "step_completed");
      expect(told?.data).toMatchObject({ warnings: ["recipients that were never identified receive nothing: zed"] });
      const { items } = await h.engine.listRecipientRuns({ workflow: "child" }, { limit: 10 });
      expect(items.map(({ recipient }) => recipient).sort()).toEqual(["cy", "new"]);
    }));

  it("E-056 reaches the subscribers of an unidentified object", () =>
    withHarness(async (h) => {
      await h.engine.seedRecipients({
        subscriptions: [{ object: { collection: "rooms", id: "r1" }, recipient: "cy" }],
      });
      const outcome = await parent(h, '{"id":"r1","collection":"rooms"}');
      expect(formatSteps(outcome)[0]).toBe("trigger_1 passed");
      const { items } = await h.engine.listRecipientRuns({ workflow: "child" }, { limit: 10 });
      expect(items.map(({ recipient }) => recipient)).toContain("cy");
    }));
});

describe("E-009 EQ-04 step_started", () => {
  it("E-009 occurs once before the first other event of each step that is not skipped, with retries and waits", () =>
    withHarness(async (h) => {
      h.define("w", {
        steps: [
          step.email("S", "B", { conditions: buildCondition("recipient.plan", "equal_to", "none") }),
          step.delay("minutes", 1),
          step.feed(),
        ],
      });
      const started = await h.trigger("w", { recipients: ["ana"] });
      await h.at(60_000);
      const events = await listEvents(h, getRecipientOutcome(await h.readOutcome(started), "ana").recipient_run_id);
      expect(events.map(({ event, step_ref }) => `${event} ${step_ref ?? ""}`.trim())).toEqual([
        "run_started",
        "step_skipped email_1",
        "step_started delay_1",
        "run_paused delay_1",
        "run_resumed delay_1",
        "step_completed delay_1",
        "step_started in_app_feed_1",
        "message_enqueued in_app_feed_1",
        "step_completed in_app_feed_1",
        "run_completed",
      ]);
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    }));
});

describe("E-049 a tenant on a run", () => {
  it("C-149 E-049 E-185 passes its chat credentials to the provider with the recipient's connection", () =>
    withHarness(async (h) => {
      const own = { connections: [{ channel_id: "C1", access_token: "own" }] };
      await h.identify({ id: "p1", collection: "projects", channel_data: { chatty: own } });
      const shared = { token: { access_token: "shared" } };
      await h.identify({ id: "acme", collection: "$tenants", channel_data: { chatty: shared } });
      const stored: StoredChannelData[] = [];
      h.deliver = (_message, _channel, given) => {
        stored.push(given);
        return { status: "sent" };
      };
      h.define("w", { steps: [step.chat()] });
      await h.trigger("w", { recipients: [{ id: "p1", collection: "projects" }], tenant: "acme" });
      expect(stored).toEqual([{ recipient: own, tenant: shared }]);
    }));
});

describe("test run of a step", () => {
  const fetchStep: JsonObject = {
    ref: "http_fetch_1",
    type: "http_fetch",
    settings: { method: "get", url: "https://lark.test/{{ data.n }}", response_path: "got" },
  };
  async function test(h: EngineHarness, tested: JsonObject) {
    h.define("w", { steps: [tested, step.email()] });
    const { trigger } = parseTrigger({ recipients: ["ana"], data: { n: 7 } }, "w");
    return (await h.engine.previewSteps(trigger, [String(tested.ref)]))[0];
  }

  it("E-302 sends one request without a retry, shows the data after the step, and stores nothing", () =>
    withHarness(async (h) => {
      h.respond = () => ({ status: 200, text: '{"ok":1}' });
      const request = { method: "get", url: "https://lark.test/7", body: null };
      expect(await test(h, fetchStep)).toMatchObject({
        reason: null,
        tested: { type: "http_fetch", request, data: { n: 7, got: { ok: 1 } } },
      });
      h.respond = () => ({ status: 503, text: "" });
      expect(await test(h, fetchStep)).toMatchObject({
        reason: { code: "fetch_error", detail: "GET https://lark.test/7 responded 503" },
        tested: { request, data: null },
      });
      await h.at(10 * 60_000);
      expect(h.requests).toHaveLength(2);
      expect((await h.engine.listRecipientRuns({}, { limit: 10 })).items).toEqual([]);
    }));

  it("E-410 checks an agent's response as in a run", () =>
    withHarness(async (h) => {
      const agent: JsonObject = {
        ref: "agent_1",
        type: "ai_agent",
        settings: { model: "a:b", request_prompt: "Say {{ data.n }}", response_type: "text" },
      };
      h.environment.agent.answers = [{ workflow: "w", step: "agent_1", text: "seven" }];
      expect(await test(h, agent)).toMatchObject({
        reason: null,
        tested: {
          type: "ai_agent",
          request: { model: "a:b", prompt: "Say 7" },
          data: { n: 7, agent_1: { text: "seven" } },
        },
      });
      h.environment.agent = { url: "https://lark.test/agent", answers: [] };
      h.respond = () => ({ status: 503, text: "" });
      expect((await test(h, agent))?.reason?.code).toBe("agent_error");
      expect(h.requests).toHaveLength(1);
    }));
});
