import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  buildRecipientOutcome,
  buildStepOutcomes,
  buildTriggerOutcome,
} from "../../src/remote/build-remote-outcome.js";
import type { Json, JsonObject } from "../../src/util/json.js";
import { event, message, RUN_ID, recipientRun, runId } from "./api-bodies.js";

const steps = (events: JsonObject[], messages: JsonObject[] = [], run: JsonObject = {}) =>
  buildStepOutcomes({ run: recipientRun(1, run), events, messages });

describe("the outcome from a run's events (E-009, EQ-04)", () => {
  it.each([
    ["conditions_failed", "condition"],
    ["channel_conditions_failed", "condition"],
    ["channel_not_configured", "channel_not_configured"],
    ["missing_recipient_data", "missing_recipient_data"],
    ["recipient_opted_out", "preference"],
    ["invalid_window", "invalid_window"],
    ["delay_skipped_by_settings", "skip_delay"],
    ["workflow_unavailable", "workflow_unavailable"],
  ])("has for step_skipped with %s the reason %s", (reason, code) => {
    expect(steps([event("step_skipped", "email_1", { reason, detail: "why" })])).toEqual([
      { ref: "email_1", type: "channel", outcome: "skipped", reason: { code, detail: "why" }, message_id: null },
    ]);
  });

  it.each(["something_new", "constructor", ""])(
    "has no reason for a skip with %j, which is not in the closed list",
    (reason) => {
      expect(steps([event("step_skipped", "email_1", { reason })])[0]).toMatchObject({
        outcome: "skipped",
        reason: null,
      });
    },
  );

  it("has channel, status and id of the message of message_enqueued", () => {
    const events = [
      event("run_started"),
      event("step_started", "in_app_feed_1"),
      event("message_enqueued", "in_app_feed_1", { channel_type: "in_app_feed", message_id: "m1" }),
      event("step_completed", "in_app_feed_1"),
      event("run_completed"),
    ];
    expect(steps(events, [message("m1", 1, "in_app_feed_1", { status: "delivered" })])).toEqual([
      {
        ref: "in_app_feed_1",
        type: "channel",
        channel_type: "in_app_feed",
        channel: "my-in_app_feed",
        outcome: "sent",
        reason: null,
        message_id: "m1",
        message_status: "delivered",
      },
    ]);
    // Missing fields are omitted.
    expect(steps(events)).toEqual([
      {
        ref: "in_app_feed_1",
        type: "channel",
        channel_type: "in_app_feed",
        outcome: "sent",
        reason: null,
        message_id: "m1",
      },
    ]);
  });

  it("E-181 contains several messages of one step", () => {
    const events = ["m1", "m2"].map((id) =>
      event("message_enqueued", "push_1", { channel_type: "push", message_id: id }),
    );
    const both = [message("m2", 1, "push_1", { status: "bounced" }), message("m1", 1, "push_1")];
    expect(steps(events, both)[0]).toMatchObject({
      outcome: "sent",
      message_id: "m1",
      message_status: "sent",
      message_ids: ["m1", "m2"],
    });
  });

  it.each([
    ["sent", null, "sent", null],
    ["delivered", null, "sent", null],
    ["not_sent", null, "sent", null],
    ["queued", null, "sent", null],
    ["delivery_attempted", null, "sent", null],
    ["queued", "2026-03-01T18:00:00Z", "queued", null],
    ["undelivered", null, "failed", "delivery_error"],
    ["bounced", null, "failed", "delivery_error"],
  ])("E-203 has for a message %s, scheduled %s, the outcome %s", (status, scheduled_at, outcome, code) => {
    const [step] = steps([], [message("m1", 1, "email_1", { status, scheduled_at })]);
    expect(step).toMatchObject({ outcome, message_status: status, reason: code === null ? null : { code } });
    expect(step?.until).toBe(outcome === "queued" ? scheduled_at : undefined);
  });

  it("omits an unknown status", () => {
    expect(steps([], [message("m1", 1, "email_1", { status: "teleported" })])[0]).not.toHaveProperty("message_status");
  });

  it("waits from run_paused until run_resumed and step_completed", () => {
    const paused = event("run_paused", "delay_1", { until: "2026-03-01T10:35:00Z" });
    expect(steps([paused], [], { status: "paused" })).toEqual([
      { ref: "delay_1", type: "delay", outcome: "waiting", reason: null, until: "2026-03-01T10:35:00Z" },
    ]);
    expect(steps([event("run_paused", "wait_for_event_1")])[0]).toMatchObject({ outcome: "waiting", until: null });
    const passed = [{ ref: "delay_1", type: "delay", outcome: "passed", reason: null }];
    expect(steps([paused, event("run_resumed", "delay_1")])).toEqual(passed);
    expect(steps([paused, event("run_resumed", "delay_1"), event("step_completed", "delay_1")])).toEqual(passed);
  });

  it("has a canceled waiting step for a canceled run", () => {
    const paused = event("run_paused", "delay_1", { until: "2026-03-01T10:35:00Z" });
    const cancelled = [
      { ref: "delay_1", type: "delay", outcome: "cancelled", reason: { code: "cancelled", detail: null } },
    ];
    expect(steps([paused], [], { status: "cancelled" })).toEqual(cancelled);
    expect(steps([paused, event("run_cancelled", "delay_1")], [], { status: "cancelled" })).toEqual(cancelled);
    const gone = event("run_cancelled", "delay_1", { reason: "recipient_deleted" });
    expect(steps([paused, gone], [], { status: "cancelled" })[0]?.reason?.code).toBe("recipient_deleted");
  });

  it("contains batches, throttles, branches and failures", () => {
    const events = [
      event("step_completed", "branch_1", { branch: "big" }),
      event("batch_opened", "batch_1", { closes_at: "2026-03-01T11:00:00Z" }),
      event("batch_joined", "batch_2"),
      event("batch_closed", "batch_3"),
      event("run_halted", "throttle_1"),
      event("step_failed", "http_fetch_1", { error: "timed out" }, { status: "error" }),
      event("step_failed", "email_1", { error: "no such filter" }, { status: "error" }),
      event("step_failed", "ai_agent_1", {}, { status: "error" }),
      event("step_started", "sms_1"),
      event("brand_new_event", "sms_1", { x: 1 }),
    ];
    expect(steps(events)).toEqual([
      { ref: "branch_1", type: "branch", outcome: "passed", reason: null, branch: "big" },
      { ref: "batch_1", type: "batch", outcome: "waiting", reason: null, until: "2026-03-01T11:00:00Z" },
      { ref: "batch_2", type: "batch", outcome: "halted", reason: { code: "batched", detail: null } },
      { ref: "batch_3", type: "batch", outcome: "passed", reason: null },
      { ref: "throttle_1", type: "throttle", outcome: "halted", reason: { code: "throttled", detail: null } },
      {
        ref: "http_fetch_1",
        type: "http_fetch",
        outcome: "failed",
        reason: { code: "fetch_error", detail: "timed out" },
      },
      {
        ref: "email_1",
        type: "channel",
        outcome: "failed",
        reason: { code: "render_error", detail: "no such filter" },
        message_id: null,
      },
      { ref: "ai_agent_1", type: "ai_agent", outcome: "failed", reason: null },
    ]);
  });

  it("sorts events that arrive newest first", () => {
    const events = [
      event("step_completed", "delay_1", null, { inserted_at: "2026-03-01T10:30:00Z" }),
      event("run_paused", "delay_1", null, { inserted_at: "2026-03-01T10:00:00Z" }),
    ];
    expect(steps(events)[0]?.outcome).toBe("passed");
  });

  it.each([
    [
      [
        event("trigger_conditions_evaluated", null, { passed: false }),
        event("run_halted", null, { reason: "conditions_failed" }),
      ],
      "condition",
    ],
    [[event("trigger_conditions_evaluated", null, { passed: false })], "condition"],
    [[event("run_halted", null, { reason: "trigger_frequency" })], "trigger_frequency"],
    [[event("run_halted", null, { reason: "render_error", error: "x" })], "render_error"],
    [[event("trigger_conditions_evaluated", null, { passed: true }), event("run_completed")], undefined],
  ])("EQ-01 has the reason why a run stopped before its steps (%#)", (events, code) => {
    const outcome = buildRecipientOutcome({ run: recipientRun(1), events, messages: [] });
    expect(outcome).toMatchObject({ recipient: "u1", recipient_run_id: runId(1), status: "completed", steps: [] });
    expect(outcome.reason?.code).toBe(code);
  });

  it("is built without an exception for any response", () => {
    const names = fc.constantFrom(
      "step_skipped",
      "step_failed",
      "message_enqueued",
      "run_paused",
      "run_halted",
      "run_cancelled",
      "constructor",
    );
    const events = fc.array(
      fc.oneof(
        fc.jsonValue(),
        fc.record({
          event: names,
          step_ref: fc.constantFrom("a", "__proto__", null),
          data: fc.jsonValue(),
          inserted_at: fc.jsonValue(),
        }),
      ),
    );
    const messages = fc.array(
      fc.record({ id: fc.string(), status: fc.jsonValue(), source: fc.jsonValue(), channel: fc.jsonValue() }),
    );
    fc.assert(
      fc.property(events, messages, fc.dictionary(fc.string(), fc.jsonValue()), (told, made, run) => {
        const outcome = buildRecipientOutcome({
          run: run as JsonObject,
          events: told as Json[],
          messages: made as JsonObject[],
        });
        for (const step of outcome.steps) expect(typeof step.ref).toBe("string");
      }),
    );
  });
});

describe("the outcome document of a trigger", () => {
  it("A-408, A-511 contains objects, cancellation key and summary", () => {
    const told = [
      { run: recipientRun(1), events: null, messages: [message("m1", 1, "email_1")] },
      {
        run: recipientRun(2, {
          recipient: { id: "p1", collection: "projects" },
          status: "paused",
          trigger_source: { type: "api", cancellation_key: "c1" },
        }),
        events: [event("run_paused", "delay_1")],
        messages: [],
      },
      { run: recipientRun(3, { status: "levitating" }), events: [], messages: [] },
    ];
    expect(buildTriggerOutcome({ workflow_run_id: RUN_ID, workflow: "hello" }, told)).toMatchObject({
      workflow_run_id: RUN_ID,
      workflow: "hello",
      target: "remote",
      cancellation_key: "c1",
      recipients: [
        { recipient: "u1", steps: [{ ref: "email_1", outcome: "sent" }] },
        { recipient: { id: "p1", collection: "projects" }, status: "paused" },
        { recipient: "u3", status: null, steps: [] },
      ],
      summary: { recipients: 3, messages: 1, sent: 1, skipped: 0, waiting: 1, failed: 0, cancelled: 0 },
    });
  });
});
