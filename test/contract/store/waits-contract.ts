import { describe, expect, it } from "vitest";
import type { OccurredEvent } from "../../../src/domain/run/occurred-event.js";
import type { RunWait } from "../../../src/domain/run/run-wait.js";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import { NO_CAUSED_WORK } from "../../../src/ports/due-store.js";
import type { ClaimedRun } from "../../../src/ports/run-store.js";
import { HOUR, insertSample, NOW, saveAll, user, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const UNTIL = NOW + HOUR;
const wait = (over: Partial<RunWait> = {}): RunWait => ({
  awaited: "paid",
  recipient: user("ada"),
  from: NOW,
  until: UNTIL,
  seen: null,
  ...over,
});
const paid = (n: number, over: Partial<OccurredEvent> = {}): OccurredEvent => ({
  name: "paid",
  recipient: user("ada"),
  at: NOW + 1,
  event: { n },
  ...over,
});

export function describeWaits(open: OpenStore): void {
  describe("waits for events (E-335, E-339, E-344)", () => {
    const insertWaiting = (over: Partial<RunWait> = {}, id = "ada") =>
      insertSample(open.store, {
        recipients: [id],
        recipientRun: { ...waitingAt(UNTIL), wait: wait(over) },
        message: null,
      });
    const claim = (token: string, now: number) => open.store.claimDueRuns({ now, leaseMs: 1_000, token }, 10);
    const numbers = (claimed: readonly ClaimedRun[]) =>
      claimed.map(({ signals }) => signals.map(({ event }) => event.n));

    it("make a run due at once, with the recorded events in order", async () => {
      const { recipientRuns } = await insertWaiting();
      expect(await open.store.readNextDueAt()).toBe(UNTIL);
      const caused = await open.store.recordEvents([paid(1), paid(2)], NOW + 5);
      expect(caused).toEqual({ ...NO_CAUSED_WORK, recipientRunIds: [recipientRuns[0]?.id] });
      expect(await open.store.readNextDueAt()).toBe(NOW + 5);
      const claimed = await claim("t1", NOW + 5);
      expect(numbers(claimed)).toEqual([[1, 2]]);
      expect(claimed[0]?.recipientRun).toEqual({ ...recipientRuns[0], due_at: NOW + 5, wait: wait() });
    });

    it.each<[string, Partial<OccurredEvent>, Partial<RunWait>, boolean]>([
      ["ignore an event of another kind", { name: "seen" }, {}, false],
      ["ignore an event about another user", { recipient: user("bo") }, {}, false],
      ["ignore an event without a user", { recipient: null }, {}, false],
      ["match an event without a user if they are for any user", { recipient: null }, { recipient: null }, true],
      [
        "match an event about another user if they are for any user",
        { recipient: user("bo") },
        { recipient: null },
        true,
      ],
      ["ignore an event from before the wait", { at: NOW - 1 }, {}, false],
      ["match an event at their start", { at: NOW }, {}, true],
      ["match an event at their end", { at: UNTIL }, {}, true],
      ["ignore an event from after the wait", { at: UNTIL + 1 }, {}, false],
    ])("%s", async (_title, event, awaited, isDue) => {
      await insertWaiting(awaited);
      const caused = await open.store.recordEvents([paid(1, event)], NOW + 5);
      expect(caused.recipientRunIds).toHaveLength(isDue ? 1 : 0);
      expect(await open.store.readNextDueAt()).toBe(isDue ? NOW + 5 : UNTIL);
    });

    async function claimAfter(save: (run: RecipientRun, seen: number) => RecipientRun): Promise<ClaimedRun[]> {
      await insertWaiting();
      await open.store.recordEvents([paid(1)], NOW + 5);
      const [claimed] = await claim("t1", NOW + 5);
      await open.store.recordEvents([paid(2)], NOW + 5);
      const { recipientRun, signals } = claimed as ClaimedRun;
      await saveAll(open.store, [{ recipientRun: save(recipientRun, signals[0]?.id ?? 0), messages: [] }], "t1");
      return claim("t2", NOW + 6);
    }

    it("make a run due again for an event that is recorded while the run processes another", async () => {
      const next = await claimAfter((run, seen) => ({ ...run, due_at: UNTIL, wait: wait({ seen }) }));
      expect(numbers(next)).toEqual([[2]]);
    });

    it("delete the events of a run that waits for another event or no longer waits", async () => {
      const next = await claimAfter((run) => ({ ...run, due_at: UNTIL, wait: wait({ awaited: "seen" }) }));
      expect(next).toEqual([]);
      await open.store.recordEvents([paid(3)], NOW + 7);
      expect(await open.store.readNextDueAt()).toBe(UNTIL);
      await open.store.recordEvents([paid(4, { name: "seen" })], NOW + 7);
      expect(await open.store.readNextDueAt()).toBe(NOW + 7);
      expect(numbers(await claim("t3", NOW + 7))).toEqual([[4]]);
    });

    it("E-347 end with a canceled run", async () => {
      const run = { cancellation_key: "k" };
      const recipientRun = { ...waitingAt(UNTIL), wait: wait() };
      const { workflow } = (await insertSample(open.store, { recipients: ["ada"], run, recipientRun, message: null }))
        .run;
      await open.store.recordEvents([paid(1)], NOW + 5);
      await open.store.cancelRuns({ workflow, cancellation_key: "k", recipients: null, at: NOW + 6 });
      expect(await open.store.recordEvents([paid(2)], NOW + 7)).toEqual(NO_CAUSED_WORK);
      expect(await open.store.readNextDueAt()).toBeNull();
    });
  });
}
