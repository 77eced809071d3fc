import { describe, expect, it } from "vitest";
import { step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE, SECOND, T0 } from "../../helpers/case-times.js";
import { catchRejection } from "../../helpers/catch-error.js";
import { withHarness } from "../../helpers/engine-case.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

const iso = (offset: number): string => new Date(T0 + offset).toISOString();

describe("a move of the clock", () => {
  it("returns deliveries that failed on the way, with what is needed to find them", () =>
    withHarness(async (h) => {
      h.deliver = ({ recipient, attempts }) => {
        if (recipient === "$users/ana") return { status: "failed", retryable: false, reason: "no such mailbox" };
        return attempts < 2 ? { status: "failed", retryable: true, reason: "busy" } : { status: "sent" };
      };
      h.define("digest", { steps: [step.delay("minutes", 1), step.email()] });
      await h.trigger("digest", { recipients: ["ana", "bo"] });
      const moved = await h.engine.moveClock(T0 + HOUR, { force: false });
      const [message] = await h.listMessages("ana");
      expect(moved.failed_deliveries).toEqual([
        {
          message_id: message?.id,
          recipient_run_id: message?.recipient_run_id,
          recipient: "ana",
          workflow: "digest",
          step_ref: "email_1",
          channel: "mail",
          status: "undelivered",
          attempts: 1,
          reason: "no such mailbox",
          at: iso(MINUTE),
        },
      ]);
      expect("failed_deliveries" in (await h.engine.moveClock(T0 + 2 * HOUR, { force: false }))).toBe(false);
    }));

  it("has the time of a failure at the moment of the last attempt", () =>
    withHarness(async (h) => {
      h.deliver = () => ({ status: "failed", retryable: true, reason: "busy" });
      h.define("digest", { steps: [step.email()] });
      await h.trigger("digest", { recipients: ["ana"] });
      const { failed_deliveries } = await h.engine.moveClock(T0 + 24 * HOUR, { force: false });
      const [message] = await h.listMessages();
      const last = message?.events.at(-1)?.at as number;
      expect(last).toBeGreaterThan(T0 + 42 * SECOND);
      expect(failed_deliveries).toMatchObject([
        { at: iso(last - T0), attempts: message?.attempts, status: message?.status },
      ]);
    }));

  it("waits for a process that moves the clock, and can be interrupted while it waits", async () => {
    let refusals = 3;
    const h = await EngineHarness.open({
      overrideStore: (store) => ({
        claimClock: async (claim) => (refusals-- > 0 ? false : store.claimClock(claim)),
      }),
    });
    try {
      expect(await h.engine.moveClock(T0 + HOUR, { force: false })).toMatchObject({ now: iso(HOUR) });
      expect(h.now).toBe(T0 + 150); // three waits of 50 ms
      refusals = 1_000;
      const abort = new AbortController();
      abort.abort();
      const options = { force: false, signal: abort.signal };
      expect(await catchRejection(h.engine.moveClock(T0 + 2 * HOUR, options))).toMatchObject({
        code: "interrupted",
        message: "interrupted while another process moved the clock",
        hint: "Nothing was changed.",
      });
      expect((await h.engine.readClock()).now).toBe(iso(HOUR));
    } finally {
      await h.close();
    }
  });
});

describe("freezing the clock", () => {
  it("needs no force at the current or a later time, nor at any time without runs", () =>
    withHarness(async (h) => {
      expect(await h.engine.freezeClock(T0 - HOUR)).toEqual({ now: iso(-HOUR), frozen: true, offset_ms: -HOUR });
      h.define("digest", { steps: [step.feed()] });
      await h.trigger("digest", { recipients: ["ana"] });
      expect(await h.engine.freezeClock(T0 - HOUR)).toMatchObject({ now: iso(-HOUR) });
      expect(await h.engine.freezeClock(T0)).toMatchObject({ now: iso(0), offset_ms: 0 });
      expect(await h.engine.freezeClock(null)).toMatchObject({ now: iso(0) });
      expect(await catchRejection(h.engine.freezeClock(T0 - 1))).toMatchObject({
        code: "usage",
        message: `the clock is at ${iso(0)}; ${iso(-1)} is before that`,
        hint: "Use --force to freeze it at an earlier time. Completed steps are not undone.",
      });
      expect(await h.engine.freezeClock(T0 - 1, { force: true })).toMatchObject({ now: iso(-1) });
    }));
});
