import { describe, expect, it } from "vitest";
import type { OutcomeMessage, OutcomeRun } from "../../../src/ports/run-store.js";
import { claimAt } from "./due-work-contract.js";
import { HOUR, insertSample, NOW, saveAll, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const USERS = ["a", "b", "c", "d", "e"];

export function describeOutcomes(open: OpenStore): void {
  describe("the runs of an outcome", () => {
    /** Reads all runs of a trigger, some at a time. */
    const readAll = async (id: string, limit: number) => {
      const all = { runs: [] as OutcomeRun[], messages: [] as OutcomeMessage[], reads: 0 };
      for (let after: number | null = null; ; ) {
        const { runs, messages, next } = await open.store.readOutcomeRuns(id, after, limit);
        all.runs.push(...runs);
        all.messages.push(...messages);
        all.reads++;
        if (next === null) return all;
        after = next;
      }
    };

    it("are read some at a time, in order of acceptance, with the states of their messages", async () => {
      const failure = { type: "undelivered", at: NOW + 5, data: { failure_details: "no" } } as const;
      const step = { ref: "email_1", type: "channel", outcome: "sent", reason: null, message_id: "m" } as const;
      const { run, recipientRuns, messages } = await insertSample(open.store, {
        recipients: USERS,
        recipientRun: { reason: { code: "condition", detail: "x" }, steps: [step] },
        message: { status: "undelivered", due_at: null, events: [failure] },
      });
      await insertSample(open.store, { recipients: USERS, recipientRun: { steps: [step] } });
      const expected = recipientRuns.map(({ id, recipient, status, steps, reason, via }) => ({
        id,
        recipient,
        status,
        steps,
        reason,
        via,
      }));
      const states = messages.map(({ id, status, due_at, inserted_at }) => ({
        id,
        status,
        due_at,
        inserted_at,
        events: [failure],
      }));
      for (const [limit, reads] of [
        [2, 3],
        [5, 2],
        [9, 1],
      ] as const) {
        const found = await readAll(run.id, limit);
        expect(found.runs).toEqual(expected);
        expect(found.messages.toSorted((one, other) => (one.id < other.id ? -1 : 1))).toEqual(
          states.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
        );
        expect(found.reads).toBe(reads);
      }
      const ids = [...states.map(({ id }) => id), "unknown"];
      expect(
        (await open.store.readOutcomeMessages(ids)).toSorted((one, other) => (one.id < other.id ? -1 : 1)),
      ).toEqual(states.toSorted((one, other) => (one.id < other.id ? -1 : 1)));
    });

    it("have no events of messages that were delivered, and no messages if no step created one", async () => {
      const step = { ref: "email_1", type: "channel", outcome: "sent", reason: null, message_id: "m" } as const;
      const sent = await insertSample(open.store, { recipients: ["a"], recipientRun: { steps: [step] } });
      expect(await open.store.readOutcomeRuns(sent.run.id, null, 9)).toMatchObject({
        messages: [{ status: "delivered", events: [] }],
        next: null,
      });
      const none = await insertSample(open.store, { recipients: ["a"], message: null });
      expect((await open.store.readOutcomeRuns(none.run.id, null, 9)).messages).toEqual([]);
      expect(await open.store.readOutcomeRuns("unknown", null, 9)).toEqual({ runs: [], messages: [], next: null });
    });

    it("are counted, and have ended when none continues and no message is queued for later", async () => {
      const { run, recipientRuns } = await insertSample(open.store, {
        recipients: USERS,
        recipientRun: waitingAt(NOW),
        message: null,
      });
      await insertSample(open.store, { recipients: USERS, recipientRun: waitingAt(NOW + HOUR) });
      expect(await open.store.countRuns(run.id)).toEqual({ runs: 5, ended: 0, hasEnded: false });
      await open.store.claimDueRuns(claimAt(NOW, "t"), 9);
      const end = (status: "completed" | "cancelled" | "failed", index: number) => ({
        recipientRun: {
          ...recipientRuns[index],
          status,
          due_at: null,
          position: null,
        } as (typeof recipientRuns)[number],
        messages: [],
      });
      const ended = (["completed", "cancelled", "failed", "completed", "completed"] as const).map(end);
      await saveAll(open.store, ended, "t");
      expect(await open.store.countRuns(run.id)).toEqual({ runs: 5, ended: 5, hasEnded: true });
      expect(await open.store.countRuns("unknown")).toEqual({ runs: 0, ended: 0, hasEnded: true });

      const queued = await insertSample(open.store, {
        recipients: ["a", "b"],
        message: { status: "queued", due_at: NOW + HOUR },
      });
      expect(await open.store.countRuns(queued.run.id)).toEqual({ runs: 2, ended: 2, hasEnded: false });
      const claimed = await open.store.claimDueMessages(claimAt(NOW + HOUR, "m"), 9);
      await open.store.saveMessages(
        claimed.map((message) => ({ ...message, status: "sent", due_at: null })),
        "m",
        [],
      );
      expect((await open.store.countRuns(queued.run.id)).hasEnded).toBe(true);
    });
  });
}
