import { describe, expect, it } from "vitest";
import { claimAt } from "./due-work-contract.js";
import { HOUR, insertSample, NOW, user, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

export function describeCancellation(open: OpenStore): void {
  const cancel = async (over: { recipients?: string[]; cancellation_key?: string; workflow?: string } = {}) => {
    const { runs } = await open.store.cancelRuns({
      workflow: over.workflow ?? "new-comment",
      cancellation_key: over.cancellation_key ?? "k",
      recipients: over.recipients?.map(user) ?? null,
      at: NOW + 9,
    });
    return runs;
  };

  describe("cancelRuns", () => {
    it("E-355 E-356 ends a waiting run, its waiting step and its claim, and records an event", async () => {
      const inserted = await insertSample(open.store, {
        recipients: ["ada"],
        run: { cancellation_key: "k" },
        recipientRun: waitingAt(NOW),
      });
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 1);
      const [before] = inserted.recipientRuns;
      const [answer] = await cancel();
      expect(answer).toEqual({
        cancelled: true,
        recipientRun: {
          ...before!,
          status: "cancelled",
          position: null,
          due_at: null,
          steps: [
            before!.steps[0],
            {
              ref: "delay_1",
              type: "delay",
              outcome: "cancelled",
              reason: { code: "cancelled", detail: null },
              until: null,
            },
          ],
          events: [
            ...before!.events,
            {
              event: "run_cancelled",
              status: "ok",
              step_ref: "delay_1",
              step_type: "delay",
              attempt: 1,
              data: { reason: "cancelled" },
              at: NOW + 9,
            },
          ],
          updated_at: NOW + 9,
        },
      });
      const other = await open.openAgain();
      expect((await other.readRecipientRun(before!.id))?.recipientRun).toEqual(answer!.recipientRun);
      expect(await other.readNextDueAt()).toBeNull();
      open.realNow = NOW + HOUR;
      expect(await other.claimDueRuns(claimAt(NOW + HOUR, "t2"), 5)).toEqual([]);
    });

    it("E-353 ends more runs than one statement writes", async () => {
      const recipients = Array.from({ length: 2_001 }, (_, index) => `user-${index}`);
      const recipientRun = waitingAt(NOW);
      await insertSample(open.store, { recipients, run: { cancellation_key: "k" }, recipientRun, message: null });
      expect((await cancel()).filter(({ cancelled }) => cancelled)).toHaveLength(recipients.length);
      expect(await (await open.openAgain()).readNextDueAt()).toBeNull();
      expect((await cancel()).filter(({ cancelled }) => cancelled)).toEqual([]);
    });

    it("ends a queued run that has not started", async () => {
      await insertSample(open.store, {
        recipients: ["ada"],
        run: { cancellation_key: "k" },
        recipientRun: { status: "queued", position: [0] },
        message: null,
      });
      expect(await cancel()).toMatchObject([{ cancelled: true, recipientRun: { status: "cancelled", steps: [] } }]);
    });

    it("E-357 returns ended runs unchanged", async () => {
      const done = await insertSample(open.store, { recipients: ["ada"], run: { cancellation_key: "k" } });
      expect(await cancel()).toEqual([{ recipientRun: done.recipientRuns[0], cancelled: false }]);
      await insertSample(open.store, {
        recipients: ["bob"],
        run: { cancellation_key: "k" },
        recipientRun: waitingAt(NOW),
      });
      await cancel();
      expect((await cancel()).map(({ cancelled }) => cancelled)).toEqual([false, false]);
      expect((await open.store.readRecipientRun(done.recipientRuns[0]!.id))?.recipientRun).toEqual(
        done.recipientRuns[0],
      );
    });

    it("E-353 E-354 cancels all triggers with the key in order of acceptance, and no others", async () => {
      const run = { cancellation_key: "k" };
      await insertSample(open.store, { recipients: ["a", "b"], run, recipientRun: waitingAt(NOW) });
      await insertSample(open.store, {
        recipients: ["c"],
        run: { cancellation_key: "other" },
        recipientRun: waitingAt(NOW),
      });
      await insertSample(open.store, { recipients: ["d"], recipientRun: waitingAt(NOW) });
      await insertSample(open.store, { workflow: "other", recipients: ["e"], run, recipientRun: waitingAt(NOW) });
      await insertSample(open.store, { recipients: ["a"], run, recipientRun: waitingAt(NOW) });
      expect((await cancel()).map(({ recipientRun }) => recipientRun.recipient)).toEqual([
        user("a"),
        user("b"),
        user("a"),
      ]);
      expect(
        (await open.store.listRecipientRuns({ status: "paused" }, { limit: 9 })).items.map(
          ({ recipientRun }) => recipientRun.recipient,
        ),
      ).toEqual([user("e"), user("d"), user("c")]);
    });

    it("E-353 cancels only the given recipients", async () => {
      await insertSample(open.store, {
        recipients: ["a", "b", "c"],
        run: { cancellation_key: "k" },
        recipientRun: waitingAt(NOW),
      });
      expect(
        (await cancel({ recipients: ["c", "a", "stranger"] })).map(({ recipientRun }) => recipientRun.recipient),
      ).toEqual([user("a"), user("c")]);
      expect(await cancel({ recipients: [] })).toEqual([]);
      expect(
        (await open.store.listRecipientRuns({ status: "paused" }, { limit: 9 })).items.map(
          ({ recipientRun }) => recipientRun.recipient,
        ),
      ).toEqual([user("b")]);
    });

    it("EQ-61 returns an empty list if nothing matches", async () => {
      await insertSample(open.store, { recipients: ["a"], recipientRun: waitingAt(NOW) });
      expect(await cancel()).toEqual([]);
    });

    it("E-363 EQ-60 leaves existing messages to be delivered", async () => {
      const inserted = await insertSample(open.store, {
        recipients: ["a"],
        run: { cancellation_key: "k" },
        recipientRun: waitingAt(NOW),
        message: { status: "queued", due_at: NOW + 5 },
      });
      await cancel();
      expect(await open.store.readMessages([inserted.messages[0]!.id])).toEqual(inserted.messages);
      expect(await open.store.readNextDueAt()).toBe(NOW + 5);
    });
  });
}
