import { describe, expect, it } from "vitest";
import { buildBroadcastState, canSend } from "../../../src/domain/audience/broadcast.js";

describe("canSend", () => {
  it("E-396 E-399 allows a broadcast once, unless it is deliberately sent again", () => {
    expect([canSend(null, false), canSend({ status: "draft" }, false)]).toEqual([true, true]);
    expect([canSend({ status: "sent" }, false), canSend({ status: "sent" }, true)]).toEqual([false, true]);
  });

  it("E-399 rejects sending a scheduled broadcast outside its schedule", () => {
    expect([canSend({ status: "scheduled" }, false), canSend({ status: "scheduled" }, true)]).toEqual([false, false]);
  });
});

describe("buildBroadcastState", () => {
  it("E-399 returns scheduled while a run waits to be sent, also for one that was sent before", () => {
    const at = Date.UTC(2030, 5, 4);
    const iso = new Date(at).toISOString();
    expect(buildBroadcastState({ scheduled: at, sent: null })).toEqual({
      status: "scheduled",
      scheduled_at: iso,
      sent_at: null,
    });
    expect(buildBroadcastState({ scheduled: at, sent: at }).status).toBe("scheduled");
    expect(buildBroadcastState({ scheduled: null, sent: at })).toEqual({
      status: "sent",
      scheduled_at: null,
      sent_at: iso,
    });
  });
});
