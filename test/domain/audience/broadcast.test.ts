import { describe, expect, it } from "vitest";
import { maySend } from "../../../src/domain/audience/broadcast.js";

describe("maySend", () => {
  it("E-396 E-399 a broadcast goes out once, unless it is sent again on purpose", () => {
    expect([maySend(null, false), maySend({ status: "draft" }, false)]).toEqual([true, true]);
    expect([maySend({ status: "sent" }, false), maySend({ status: "sent" }, true)]).toEqual([false, true]);
  });

  it("E-399 a scheduled broadcast is not sent beside its schedule", () => {
    expect([maySend({ status: "scheduled" }, false), maySend({ status: "scheduled" }, true)]).toEqual([false, false]);
  });
});
