import { describe, expect, it } from "vitest";
import type { Message } from "../../../src/domain/message/message.js";
import { type RecipientKey, toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { StepOutcome } from "../../../src/domain/run/outcome.js";
import type { RecipientRun, WorkflowRun } from "../../../src/domain/run/workflow-run.js";
import { buildRecipientOutcome, buildTriggerOutcome } from "../../../src/engine/run/build-trigger-outcome.js";
import { MINUTE, T0 } from "../../helpers/case-times.js";

const RUN = { id: "run-1", workflow: "digest", cancellation_key: "ck" } as WorkflowRun;

function message(id: string, more: Partial<Message> = {}): Message {
  return { id, status: "sent", due_at: null, inserted_at: T0, events: [], ...more } as unknown as Message;
}

const failed = (id: string, status: "undelivered" | "bounced", failure_details?: unknown): Message =>
  message(id, {
    status,
    events: [
      { type: "queued", at: T0, data: { failure_details: "of another event" } },
      { type: status, at: T0, data: failure_details === undefined ? null : { failure_details } },
    ] as Message["events"],
  });

const recipientRun = (more: Partial<RecipientRun> = {}): RecipientRun =>
  ({
    id: "rr-1",
    recipient: toRecipientKey("ana"),
    status: "completed",
    steps: [],
    reason: null,
    via: null,
    ...more,
  }) as RecipientRun;

/** Returns the outcome of a step that sent these messages. */
function outcomeOf(...messages: Message[]): Partial<StepOutcome> | undefined {
  const ids = messages.map(({ id }) => id);
  const step = {
    ref: "email_1",
    type: "channel",
    outcome: "sent",
    message_id: ids[0],
    ...(ids.length > 1 ? { message_ids: ids } : {}),
  };
  const run = recipientRun({ steps: [step as StepOutcome] });
  const [{ ref: _ref, type: _type, message_id: _id, message_ids: _ids, ...rest } = {} as StepOutcome] =
    buildRecipientOutcome(run, new Map(messages.map((each) => [each.id, each]))).steps;
  return rest;
}

describe("a step's outcome", () => {
  it("has the status of its message, or of each of several", () => {
    expect(outcomeOf(message("a"))).toEqual({ outcome: "sent", message_status: "sent" });
    expect(outcomeOf(message("a", { status: "delivered" }), message("b"))).toEqual({
      outcome: "sent",
      message_status: "delivered",
      message_statuses: ["delivered", "sent"],
    });
  });

  it("stays as it is without a message, and without the message's row", () => {
    const step = { ref: "delay_1", type: "delay", outcome: "passed" } as StepOutcome;
    const sent = { ref: "email_1", type: "channel", outcome: "sent", message_id: "gone" } as StepOutcome;
    expect(buildRecipientOutcome(recipientRun({ steps: [step, sent] }), new Map()).steps).toEqual([step, sent]);
  });

  it("is failed if all its messages are, with the details of the failure", () => {
    const reason = { code: "delivery_error", detail: "no mailbox" };
    expect(outcomeOf(failed("a", "undelivered", "no mailbox"))).toMatchObject({ outcome: "failed", reason });
    expect(outcomeOf(failed("a", "bounced", "no mailbox"), failed("b", "undelivered"))).toMatchObject({
      outcome: "failed",
      reason,
    });
    expect(outcomeOf(failed("a", "undelivered"))).toMatchObject({ reason: { code: "delivery_error", detail: null } });
    expect(outcomeOf(failed("a", "undelivered", 7))).toMatchObject({ reason: { detail: null } });
    expect(outcomeOf(failed("a", "undelivered", "x"), message("b"))).toEqual({
      outcome: "sent",
      message_status: "undelivered",
      message_statuses: ["undelivered", "sent"],
    });
  });

  it("is queued until a message is due that waits for its send window or another attempt", () => {
    const waiting = message("a", { status: "queued", due_at: T0 + MINUTE });
    const until = new Date(T0 + MINUTE).toISOString();
    expect(outcomeOf(waiting)).toEqual({ outcome: "queued", message_status: "queued", until });
    expect(outcomeOf(message("b"), waiting)).toMatchObject({ outcome: "queued", until });
    for (const other of [
      message("a", { status: "queued", due_at: T0 }),
      message("a", { status: "queued", due_at: null }),
      message("a", { status: "sent", due_at: T0 + MINUTE }),
    ])
      expect(outcomeOf(other)).toEqual({ outcome: "sent", message_status: other.status });
  });
});

describe("a recipient's outcome", () => {
  it("has the reason and the subscription, if there is one", () => {
    expect(buildRecipientOutcome(recipientRun(), new Map())).toEqual({
      recipient: "ana",
      recipient_run_id: "rr-1",
      status: "completed",
      steps: [],
    });
    const reason = { code: "condition", detail: "data.n" } as const;
    const via = { object: "projects/p1" as RecipientKey } as RecipientRun["via"];
    expect(buildRecipientOutcome(recipientRun({ reason, via }), new Map())).toMatchObject({
      reason,
      via: { collection: "projects", id: "p1" },
    });
  });
});

describe("a trigger's outcome", () => {
  it("has the recipients who were never identified after the others", () => {
    const outcome = buildTriggerOutcome(RUN, [recipientRun()], [toRecipientKey("ghost")], []);
    expect(outcome).toMatchObject({
      workflow_run_id: "run-1",
      workflow: "digest",
      target: "local",
      cancellation_key: "ck",
      summary: { recipients: 2 },
    });
    expect(outcome.recipients?.[1]).toEqual({
      recipient: "ghost",
      recipient_run_id: null,
      status: null,
      steps: [],
      reason: { code: "recipient_not_found", detail: null },
    });
  });
});
