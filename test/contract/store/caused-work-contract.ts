import { describe, expect, it } from "vitest";
import type { OccurredEvent } from "../../../src/domain/run/occurred-event.js";
import { buildEventName } from "../../../src/domain/run/run-wait.js";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import { type CausedWork, NO_CAUSED_WORK } from "../../../src/ports/due-store.js";
import type { SavedAdvance } from "../../../src/ports/run-store.js";
import type { NewWorkflowRun } from "../../../src/ports/trigger-store.js";
import { claimAt } from "./due-work-contract.js";
import { batchJoin, joinSample } from "./sample-batches.js";
import { HOUR, insertSample, NOW, SINCE, sampleTrigger, user, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const CHANGED = buildEventName({ event_type: "recipient", event_key: "updated" });
const paid: OccurredEvent = { name: "paid", recipient: user("ada"), at: NOW + 1, event: {} };

export function describeCausedWork(open: OpenStore): void {
  const insert = async (newRun: NewWorkflowRun): Promise<CausedWork> => {
    const inserted = await open.store.insertWorkflowRun(newRun, SINCE);
    if (inserted.outcome !== "inserted") throw new Error(inserted.outcome);
    return inserted.caused;
  };
  /** Inserts a run that waits for an event, and returns its id. */
  const insertWaiting = async (awaited = "paid", recipient = "ada"): Promise<string> => {
    const wait = { awaited, recipient: user(recipient), from: NOW, until: NOW + HOUR, seen: null };
    const recipientRun = { ...waitingAt(NOW + HOUR), wait };
    return (await insertSample(open.store, { recipients: [recipient], recipientRun, message: null })).recipientRuns[0]
      ?.id as string;
  };
  const pending = () => {
    const { run, version } = sampleTrigger({ recipients: [], message: null });
    const fanOut = { listed: [{ key: user("bob"), trigger_data: null }], objects: [], after: null };
    return { run, version, fanOut, upserts: [] };
  };

  describe("caused work", () => {
    it("is empty for a write that makes nothing of others due", async () => {
      await insertWaiting("other");
      expect(await insert(sampleTrigger({ recipients: ["ada"], recipientRun: waitingAt(NOW) }))).toEqual(
        NO_CAUSED_WORK,
      );
      expect(await open.store.recordEvents([paid], NOW + 1)).toEqual(NO_CAUSED_WORK);
    });

    it("contains the triggers that steps created, and only those of this write", async () => {
      const [one, two] = [pending(), pending()];
      expect(await insert({ ...sampleTrigger({ recipients: ["ada"] }), triggers: [one] })).toEqual({
        ...NO_CAUSED_WORK,
        workflowRunIds: [one.run.id],
      });
      const { recipientRuns } = await insertSample(open.store, { recipients: ["bob"], recipientRun: waitingAt(NOW) });
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 5);
      const advance: SavedAdvance = {
        recipientRun: { ...(recipientRuns[0] as RecipientRun), due_at: null },
        messages: [],
        batch: null,
        upserts: [],
        triggers: [two],
        version: null,
        revision: 0,
      };
      expect((await open.store.saveAdvances([advance], "t1", NOW)).caused.workflowRunIds).toEqual([two.run.id]);
      expect((await open.store.saveAdvances([advance], "t1", NOW)).caused).toEqual(NO_CAUSED_WORK);
    });

    it("contains the runs that an event made due, by any write that records one", async () => {
      const id = await insertWaiting();
      const woken = { ...NO_CAUSED_WORK, recipientRunIds: [id] };
      expect(await (await open.openAgain()).recordEvents([paid], NOW + 1)).toEqual(woken);
      expect(await open.store.recordEvents([{ ...paid, recipient: user("bob") }], NOW + 1)).toEqual(NO_CAUSED_WORK);
      await open.store.upsertRecipients([{ key: user("cy"), properties: {} }], NOW);
      const waits = await insertWaiting(CHANGED, "cy");
      expect(
        (await open.store.upsertRecipients([{ key: user("cy"), properties: { n: 1 } }], NOW)).recipientRunIds,
      ).toEqual([waits]);
    });

    it("contains the waiting run of a batch that is full", async () => {
      const { run } = await joinSample(open.store, { max_items: 2 });
      const newRun = sampleTrigger({ recipients: ["ada"], message: null });
      const [joining] = newRun.recipientRuns as [RecipientRun];
      const batches = new Map([[joining.id, batchJoin(newRun.run, joining, { max_items: 2 })]]);
      expect(await insert({ ...newRun, batches })).toEqual({ ...NO_CAUSED_WORK, recipientRunIds: [run.id] });
    });
  });
}
