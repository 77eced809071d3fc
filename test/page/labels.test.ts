import { describe, expect, it } from "vitest";
import { formatDeliveryStatus } from "../../src/domain/message/message.js";
import { formatRecipient } from "../../src/domain/recipient/recipient.js";
import { getStepLabel } from "../../src/domain/run/step-labels.js";
import { buildPayload, type Draft, formatCommand } from "../../src/page/lib/draft.js";
import { getInitial, getTone, parseRecipient } from "../../src/page/lib/labels.js";
import { buildLink, buildMomentLink, parseRoute } from "../../src/page/lib/route.js";
import { formatAbsoluteTime, formatRelativeTime } from "../../src/page/lib/time.js";
import { formatDuration } from "../../src/util/duration.js";

const NOW = Date.parse("2026-11-24T10:00:00Z");
const MINUTE = 60_000;

describe("the label of a message's status", () => {
  it.each([
    [{ outcome: "sent", message_status: "not_sent" }, "sandboxed"],
    [{ outcome: "sent", message_status: "delivered" }, "delivered"],
    [{ outcome: "sent", message_status: "queued" }, "sent"],
    [{ outcome: "failed", message_status: "bounced" }, "bounced"],
    [{ outcome: "failed", message_status: null }, "failed"],
    [{ outcome: "skipped", message_status: null }, "skipped"],
  ])("is for %j: %s, as on the command line", ({ outcome, message_status }, word) => {
    expect(getStepLabel(outcome, message_status)).toBe(word);
  });

  it("is sandboxed for the API's not_sent, which is not a failure", () => {
    expect([formatDeliveryStatus("not_sent"), formatDeliveryStatus("sent")]).toEqual(["sandboxed", "sent"]);
    expect(getTone("sandboxed")).not.toBe("bad");
  });

  it("has another color than delivered", () => {
    expect(new Set([getTone("sandboxed"), getTone("delivered"), getTone("nothing sent")]).size).toBe(3);
  });
});

describe("times", () => {
  it.each([
    [0, "now"],
    [-4_000, "now"],
    [-40_000, "40s ago"],
    [-3.5 * MINUTE, "3m ago"],
    [90 * MINUTE, "in 1h"],
    [3 * 24 * 60 * MINUTE, "in 3d"],
    [-40 * 24 * 60 * MINUTE, "2026-10-15"],
  ])("format %i milliseconds away as %s", (away, text) => {
    expect(formatRelativeTime(NOW + away, NOW)).toBe(text);
  });

  it("show durations in two units and times in full", () => {
    expect([0, 59_000, 61_000, 3_600_000, 90_061_000].map(formatDuration)).toEqual([
      "0s",
      "59s",
      "1m 1s",
      "1h",
      "1d 1h",
    ]);
    expect(formatAbsoluteTime(NOW)).toBe("2026-11-24 10:00:00 UTC");
  });
});

describe("view addresses", () => {
  it("parse to the view that they were formatted from", () => {
    const link = buildLink("messages", "a/b ?#", { q: "50% & more", workflow: "" });
    expect(parseRoute(link)).toEqual({
      view: "messages",
      id: "a/b ?#",
      moment: null,
      query: { q: "50% & more" },
    });
    expect(parseRoute(buildMomentLink("r/1", "e/2", { workflow: "x" }))).toEqual({
      view: "runs",
      id: "r/1",
      moment: "e/2",
      query: { workflow: "x" },
    });
  });

  it.each(["", "#", "#/nowhere/1", "#/%E0%A4%A", "#//"])("read %j as the list of messages", (hash) => {
    expect(parseRoute(hash)).toEqual({ view: "messages", id: null, moment: null, query: {} });
  });
});

describe("initials", () => {
  it.each([
    ["ada", "A"],
    ["👩‍🚀 Zoé", "👩‍🚀"],
    ["", "•"],
  ])("are for %j: %s", (name, initial) => {
    expect(getInitial(name)).toBe(initial);
  });
});

const draft: Draft = {
  recipients: ["ada", "projects/p1"],
  actor: "alan",
  tenant: "",
  cancellationKey: "it's",
  skipDelays: true,
  branch: "",
  data: { page: "Home" },
};

describe("the trigger form", () => {
  it("builds the request's body", () => {
    expect(buildPayload(draft)).toEqual({
      recipients: ["ada", { collection: "projects", id: "p1" }],
      actor: "alan",
      cancellation_key: "it's",
      settings: { skip_delay: true },
      data: { page: "Home" },
    });
  });

  it("builds the command", () => {
    expect(formatCommand("new-comment", draft)).toBe(
      `knock notify new-comment --recipients ada --object projects/p1 --actor alan --cancellation-key 'it'\\''s' --data '{"page":"Home"}' --skip-delay`,
    );
  });

  it("accepts inline recipients as JSON", () => {
    const inline = {
      ...draft,
      recipients: ["ada", '{"id":"zoe","avatar":"https://a.test/z"}', "{no"],
      actor: '{"id":"al"}',
    };
    expect(buildPayload(inline)).toMatchObject({
      recipients: ["ada", { id: "zoe", avatar: "https://a.test/z" }, "{no"],
      actor: { id: "al" },
    });
    expect(formatCommand("hello", { ...inline, recipients: inline.recipients.slice(0, 2) })).toContain(
      `--recipients ada --recipients '{"id":"zoe","avatar":"https://a.test/z"}' --actor '{"id":"al"}'`,
    );
  });

  it("parses recipients from the format in which it shows them", () => {
    expect(formatRecipient(parseRecipient("projects/p1"))).toBe("projects/p1");
    expect(formatRecipient(parseRecipient("ada"))).toBe("ada");
  });
});
