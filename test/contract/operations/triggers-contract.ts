import { describe, expect, it } from "vitest";
import { formatOutcome, type OpenTarget } from "./open-target.js";

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const HOUR = 3_600_000;

export function describeTriggers(target: OpenTarget): void {
  describe("triggerWorkflow", () => {
    it("E-001 returns the workflow run's UUID, its workflow, target and cancellation key", async () => {
      const outcome = await target.trigger("contract-plain", { recipients: ["ada"], cancellation_key: "ck" });
      expect(outcome).toMatchObject({
        workflow_run_id: expect.stringMatching(UUID_V4),
        workflow: "contract-plain",
        target: target.operations.target,
        cancellation_key: "ck",
      });
      expect(outcome.replayed).toBeUndefined();
    });

    it("reports every recipient and step when the runs have ended", async () => {
      const outcome = await target.triggerAndWait("contract-plain", {
        recipients: ["ada", "grace", "alan", { id: "p1", collection: "projects" }],
        data: { page: "Home" },
      });
      expect(formatOutcome(outcome)).toEqual({
        ada: ["completed", "feed_1 sent", "email_1 sent"],
        grace: ["completed", "feed_1 sent", "email_1 skipped preference"],
        alan: ["completed", "feed_1 sent", "email_1 skipped missing_recipient_data"],
        "projects/p1": ["completed", "feed_1 sent", "email_1 skipped missing_recipient_data"],
      });
      expect(outcome.summary).toEqual({
        recipients: 4,
        messages: 5,
        sent: 5,
        skipped: 3,
        waiting: 0,
        failed: 0,
        cancelled: 0,
      });
      expect(outcome.target).toBe(target.operations.target);
    });

    it("reports the message, channel and status of a channel step", async () => {
      const { recipients } = await target.triggerAndWait("contract-plain", {
        recipients: ["ada"],
        data: { page: "Home" },
      });
      expect(recipients?.[0]?.steps).toMatchObject([
        { type: "channel", channel_type: "in_app_feed", channel: "contract-feed", message_status: "delivered" },
        { type: "channel", channel_type: "email", channel: "contract-mail", message_status: "not_sent" },
      ]);
      const ids = recipients?.[0]?.steps.map((step) => step.message_id);
      expect(new Set(ids).size).toBe(2);
      expect(ids).not.toContain(null);
    });

    it("E-035 identifies inline recipients before the run", async () => {
      const outcome = await target.triggerAndWait("contract-plain", {
        recipients: [{ id: "new", email: "new@example.com" }],
        actor: { id: "actor", name: "Grete" },
        data: { page: "Home" },
      });
      expect(formatOutcome(outcome)).toEqual({ new: ["completed", "feed_1 sent", "email_1 sent"] });
      const message = await target.operations.readMessage(outcome.recipients?.[0]?.steps[1]?.message_id as string);
      expect(message).toMatchObject({ content: { data: { to: "new@example.com", html_body: "<p>By Grete</p>" } } });
    });

    it("E-233 reports where and until when a run waits, and its later outcome", async () => {
      const begun = await target.triggerAndRead("contract-delayed", { recipients: ["ada"] });
      expect(formatOutcome(begun)).toEqual({ ada: ["paused", "feed_1 sent", "delay_1 waiting"] });
      expect(begun.summary).toMatchObject({ sent: 1, waiting: 1 });
      expect(Date.parse(begun.recipients?.[0]?.steps[1]?.until as string)).not.toBeNaN();

      await target.advanceTime(HOUR);
      const after = await target.operations.awaitOutcome(begun, { timeout_ms: 10_000 });
      expect(after.workflow_run_id).toBe(begun.workflow_run_id);
      expect(formatOutcome(after)).toEqual({ ada: ["completed", "feed_1 sent", "delay_1 passed", "email_1 sent"] });
    });

    it("E-071 reports why a run executed no step", async () => {
      const outcome = await target.triggerAndWait("contract-guarded", { recipients: ["ada", "grace"] });
      expect(formatOutcome(outcome)).toEqual({ ada: ["completed", "feed_1 sent"], grace: ["completed condition"] });
    });

    it("reports progress while it awaits the outcome", async () => {
      const progress: [ended: number, total: number][] = [];
      const started = await target.trigger("contract-plain", { recipients: ["ada", "alan"] });
      await target.operations.awaitOutcome(started, {
        timeout_ms: 10_000,
        onProgress: (ended, total) => progress.push([ended, total]),
      });
      expect(progress.at(-1)).toEqual([2, 2]);
    });

    it("stops awaiting when aborted and returns the current outcome", async () => {
      const started = await target.trigger("contract-delayed", { recipients: ["ada"] });
      const outcome = await target.operations.awaitOutcome(started, { timeout_ms: null, signal: AbortSignal.abort() });
      expect(outcome.workflow_run_id).toBe(started.workflow_run_id);
    });

    it("E-383 returns the same run for the same key and payload", async () => {
      const payload = { recipients: ["ada"], data: { page: "Home" } };
      const first = await target.trigger("contract-plain", payload, "key-1");
      const second = await target.trigger("contract-plain", payload, "key-1");
      expect(second).toMatchObject({ workflow_run_id: first.workflow_run_id, replayed: true });
      const { items } = await target.operations.listRecipientRuns({ workflow: "contract-plain" }, { limit: 10 });
      expect(items).toHaveLength(1);
    });

    it.each([
      ["E-017 an unknown workflow", "contract-nope", { recipients: ["ada"] }, "workflow_missing"],
      ["E-018 an inactive workflow", "contract-inactive", { recipients: ["ada"] }, "workflow_inactive"],
      [
        "E-030 data that does not match the schema",
        "contract-guarded",
        { recipients: ["ada"], data: { count: "x" } },
        "invalid_params",
      ],
      ["E-044 an unknown actor", "contract-plain", { recipients: ["ada"], actor: "nobody" }, "actor_missing"],
    ])("%s is rejected and starts nothing", async (_what, workflow, payload, code) => {
      await expect(target.trigger(workflow, payload)).rejects.toMatchObject({ name: "KnockError", code });
      expect((await target.operations.listRecipientRuns({}, { limit: 10 })).items).toEqual([]);
      expect((await target.operations.listMessages({}, { limit: 10 })).items).toEqual([]);
    });
  });
}
