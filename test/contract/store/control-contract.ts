import { describe, expect, it } from "vitest";
import { requeueMessage } from "../../../src/domain/message/requeue-message.js";
import { HOUR, insertSample, NOW } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const MINUTE = 60_000;

export function describeControl(open: OpenStore): void {
  describe("an undamaged store", () => {
    it("returns an error unchanged from explainError", async () => {
      const error = new Error("a bug");
      expect(await open.store.explainError(error)).toBe(error);
    });

    it("shows unsynced writes to other processes", async () => {
      await open.store.deferDiskSync();
      const { run } = await insertSample(open.store, { recipients: ["ada"] });
      const other = await open.openAgain();
      expect((await other.readWorkflowRun(run.id))?.run).toEqual(run);
      await open.store.syncToDisk();
      expect((await other.readWorkflowRun(run.id))?.run).toEqual(run);
    });
  });

  describe("the lease on the clock", () => {
    const claim = (token: string) => ({ token, leaseMs: MINUTE });

    it("is held by one process at a time, which may renew it", async () => {
      const other = await open.openAgain();
      expect(await open.store.claimClock(claim("one"))).toBe(true);
      open.realNow = NOW + MINUTE - 1;
      expect(await other.claimClock(claim("two"))).toBe(false);
      open.realNow = NOW + MINUTE - 1;
      expect(await open.store.claimClock(claim("one"))).toBe(true);
      open.realNow = NOW + MINUTE;
      expect(await other.claimClock(claim("two"))).toBe(false);
    });

    it("ends in real time, or when its owner releases it", async () => {
      await open.store.claimClock(claim("one"));
      await open.store.releaseClock("two");
      expect(await open.store.claimClock(claim("two"))).toBe(false);
      await open.store.releaseClock("one");
      expect(await open.store.claimClock(claim("two"))).toBe(true);
      open.realNow = NOW + MINUTE;
      expect(await open.store.claimClock(claim("three"))).toBe(true);
    });

    it("does not change the clock", async () => {
      await open.store.writeClock({ offset_ms: HOUR, frozen_at: null });
      await open.store.claimClock(claim("one"));
      await open.store.releaseClock("one");
      expect(await open.store.readClock()).toMatchObject({ offset_ms: HOUR, frozen_at: null });
    });
  });

  describe("changeDeliveries", () => {
    it("E-213 queues undelivered messages as due at once, and leaves other messages unchanged", async () => {
      const undelivered = { status: "undelivered", attempts: 8, due_at: null } as const;
      const failed = await insertSample(open.store, { recipients: ["ada"], message: undelivered });
      const sent = await insertSample(open.store, { recipients: ["bob"], message: { status: "sent" } });
      const [before] = failed.messages;
      const ids = [before!.id, sent.messages[0]!.id, "none"];
      const expected = {
        ...before!,
        status: "queued",
        attempts: 0,
        due_at: NOW + 1,
        events: [...before!.events, { type: "queued", at: NOW + 1, data: null }],
        updated_at: NOW + 1,
      };
      expect((await open.store.changeDeliveries(ids, (message) => requeueMessage(message, NOW + 1))).messages).toEqual([
        expected,
      ]);
      expect(await (await open.openAgain()).readMessages(ids)).toEqual([expected, sent.messages[0]]);
      expect((await open.store.changeDeliveries(ids, (message) => requeueMessage(message, NOW + 2))).messages).toEqual(
        [],
      );
    });
  });
}
