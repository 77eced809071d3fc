import { describe, expect, it } from "vitest";
import { checkMessages, type MessageReader } from "../../src/scenarios/check-messages.js";
import type { ExpectationFailure } from "../../src/scenarios/expectation-failure.js";
import type { Expected, MessageExpectation } from "../../src/scenarios/expectation-schema.js";
import type { ObservedMessage } from "../../src/scenarios/observed.js";

function buildMessage(to: string, body: string, more: Partial<ObservedMessage> = {}): ObservedMessage {
  return {
    id: `${to} ${body}`,
    to,
    channel: { key: "mail", type: "email" },
    workflow: "digest",
    step: "email_1",
    tenant: null,
    status: "sent",
    engagement: [],
    at: "2026-01-05T09:00:00.000Z",
    content: { body },
    ...more,
  } as ObservedMessage;
}

/** Compares snapshots with the text "A". */
const READER: MessageReader = {
  readSubject: () => undefined,
  readText: ({ content }) => String(content.body),
  hasHtml: ({ content }) => content.html !== undefined,
  selectTexts: ({ content }, selector) => (content.html === selector ? ["Upgrade"] : []),
  compareSnapshot: ({ content }) => (content.body === "A" ? null : { expected: "A", found: String(content.body) }),
  readPreviousContent: () => null,
};

function check(messages: ObservedMessage[], entry: MessageExpectation): string[] {
  const failures: string[] = [];
  const add = ({ subject, expected, found }: ExpectationFailure): void =>
    void failures.push(`${subject}: ${expected}, found ${found}`);
  checkMessages({ messages: [entry] } as Expected, { messages } as never, READER, add);
  return failures;
}

const DIGESTS = [buildMessage("ana", "A"), buildMessage("ana", "B", { at: "2026-01-05T10:00:00.000Z" })];

describe("checkMessages", () => {
  it("finds each of two messages to a recipient and channel by its content or time", () => {
    expect(check(DIGESTS, { to: "ana", body: "A" })).toEqual([]);
    expect(check(DIGESTS, { to: "ana", body: "B", at: "2026-01-05T10:00:00Z" })).toEqual([]);
    expect(check(DIGESTS, { to: "ana", body: "A", count: 1 })).toEqual([]);
    expect(check(DIGESTS, { to: "ana", content: { body: "B" }, count: 1 })).toEqual([]);
  });

  it("fails once if none of several messages has the content, with the nearest one", () => {
    expect(check(DIGESTS, { to: "ana", body: "C", at: "2026-01-05T10:00:00Z" })).toEqual([
      "body of email email_1 to ana: C, found B",
    ]);
  });

  it("requires the content from each recipient and channel", () => {
    const push = buildMessage("ana", "P", { channel: { key: "fcm", type: "push" } as ObservedMessage["channel"] });
    expect(check([...DIGESTS, buildMessage("bo", "B")], { body: "A" })).toEqual([
      "body of email email_1 to bo: A, found B",
    ]);
    expect(check([...DIGESTS, push], { to: "ana", body: "A" })).toEqual(["body of push email_1 to ana: A, found P"]);
  });

  it("compares the count with the messages that have the content", () => {
    expect(check(DIGESTS, { to: "ana", body: "A", count: 2 })).toEqual(["body of email email_1 to ana: A, found B"]);
    expect(check([...DIGESTS, buildMessage("ana", "A")], { to: "ana", body: "A", count: 1 })).toEqual([
      "messages (to ana): 1, found 2 (all: email email_1 to ana, email email_1 to ana, email email_1 to ana)",
    ]);
    expect(check(DIGESTS, { to: "bo", body: "A" })).toEqual([
      "messages (to bo): at least 1, found 0 (all: email email_1 to ana, email email_1 to ana)",
    ]);
  });

  it("fails for an element that must be absent, and for a message without HTML", () => {
    const inHtml = buildMessage("ana", "A", { content: { html: ".cta" } });
    expect(check([inHtml], { to: "ana", no_html: [".upgrade"] })).toEqual([]);
    expect(check([inHtml], { to: "ana", no_html: [".upgrade", ".cta"] })).toEqual([
      ".cta of email email_1 to ana: no element, found Upgrade",
    ]);
    expect(check([buildMessage("ana", "A")], { to: "ana", no_html: [".cta"] })).toEqual([
      ".cta of email email_1 to ana: HTML without the element, found no HTML",
    ]);
  });

  it("checks the status and the snapshot of each message that has the content", () => {
    const failed = buildMessage("ana", "B", { status: "bounced" } as Partial<ObservedMessage>);
    expect(check([buildMessage("ana", "A"), failed], { to: "ana", status: "sent" })).toEqual([
      "status of email email_1 to ana: sent, found bounced",
    ]);
    expect(check([buildMessage("ana", "A"), failed], { to: "ana", body: "A", status: "sent", snapshot: true })).toEqual(
      [],
    );
    expect(check(DIGESTS, { to: "ana", snapshot: true })).toEqual(["snapshot of email email_1 to ana: A, found B"]);
  });
});
