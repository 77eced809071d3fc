import { describe, expect, it } from "vitest";
import { buildBroadcastState, canSend } from "../../../src/domain/audience/broadcast.js";

describe("maySend", () => {
  it("E-396 E-399 a broadcast goes out once, unless it is sent again on purpose", () => {
    expect([canSend(null, false), canSend({ status: "draft" }, false)]).toEqual([true, true]);
    expect([canSend({ status: "sent" }, false), canSend({ status: "sent" }, true)]).toEqual([false, true]);
  });

  it("E-399 a scheduled broadcast is not sent beside its schedule", () => {
    expect([canSend({ status: "scheduled" }, false), canSend({ status: "scheduled" }, true)]).toEqual([false, false]);
  });
});

describe("broadcastState", () => {
  it("E-399 is scheduled while a run waits to be sent, also one that was sent before", () => {
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
