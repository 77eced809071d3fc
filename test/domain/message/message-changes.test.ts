import { describe, expect, it } from "vitest";
import { selectRetainedSecrets } from "../../../src/domain/message/delivery-secrets.js";
import { markMessage } from "../../../src/domain/message/mark-message.js";
import { mergeMessageEvents } from "../../../src/domain/message/merge-message-events.js";
import type { Message, MessageEvent } from "../../../src/domain/message/message.js";
import { requeueMessage } from "../../../src/domain/message/requeue-message.js";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import { NOW, sampleMessage, sampleTrigger } from "../../contract/store/sample-runs.js";

const { run, recipientRuns } = sampleTrigger({ recipients: ["ada"], message: null });

function buildMessage(over: Partial<Message> = {}): Message {
  return sampleMessage(run, recipientRuns[0] as RecipientRun, over);
}

describe("markMessage", () => {
  it("E-221 E-229 sets the time of the action and records it", () => {
    const marked = markMessage(buildMessage({ events: [] }), "seen", NOW + 1, null);
    expect(marked).toMatchObject({ seen_at: NOW + 1, updated_at: NOW + 1 });
    expect(marked.events).toEqual([{ type: "seen", at: NOW + 1, data: null }]);
  });

  it.each([
    ["unseen", "seen_at"],
    ["unread", "read_at"],
    ["unarchived", "archived_at"],
  ] as const)("E-222 %s clears %s", (action, field) => {
    expect(markMessage(buildMessage({ [field]: NOW }), action, NOW + 1, null)[field]).toBeNull();
  });

  it("E-227 marks an interacted message as read, once", () => {
    const marked = markMessage(buildMessage({ events: [], read_at: null }), "interacted", NOW + 1, { button: "ok" });
    expect(marked.read_at).toBe(NOW + 1);
    expect(marked.events.map(({ type, data }) => [type, data])).toEqual([
      ["interacted", { button: "ok" }],
      ["read", null],
    ]);
    expect(markMessage(buildMessage({ read_at: NOW }), "interacted", NOW + 1, null).read_at).toBe(NOW);
  });
});

describe("requeueMessage", () => {
  it("E-213 queues an undelivered message like a new one", () => {
    const before = buildMessage({ status: "undelivered", attempts: 8, due_at: null, events: [] });
    expect(requeueMessage(before, NOW + 1)).toEqual({
      ...before,
      status: "queued",
      attempts: 0,
      due_at: NOW + 1,
      events: [{ type: "queued", at: NOW + 1, data: null }],
      updated_at: NOW + 1,
    });
  });

  it("E-213 ignores messages with any other status", () => {
    for (const status of ["queued", "sent", "delivered", "bounced", "not_sent"] as const)
      expect(requeueMessage(buildMessage({ status }), NOW)).toBeNull();
  });
});

describe("selectRetainedSecrets", () => {
  const secrets = { token: "t" };

  it("keeps secrets while the message is queued", () => {
    expect(selectRetainedSecrets({ secrets, status: "queued" })).toBe(secrets);
  });

  it("keeps a marker for secrets of an undelivered message (E-213), and nothing for a sent one", () => {
    expect(selectRetainedSecrets({ secrets, status: "undelivered" })).toEqual({});
    for (const status of ["sent", "delivered", "bounced", "not_sent"] as const)
      expect(selectRetainedSecrets({ secrets, status })).toBeNull();
  });
});

describe("mergeMessageEvents", () => {
  const event = (type: MessageEvent["type"], at = NOW): MessageEvent => ({ type, at, data: null });

  it("keeps the events of both that follow their common beginning", () => {
    const stored = [event("created"), event("queued"), event("seen", NOW + 1)];
    const delivered = [event("created"), event("queued"), event("sent", NOW + 2)];
    expect(mergeMessageEvents(stored, delivered).map(({ type }) => type)).toEqual([
      "created",
      "queued",
      "seen",
      "sent",
    ]);
  });

  it("adds no duplicate events", () => {
    const events = [event("created"), event("queued")];
    expect(mergeMessageEvents(events, events)).toEqual(events);
    expect(mergeMessageEvents(events, [...events, event("sent")])).toHaveLength(3);
  });
});
