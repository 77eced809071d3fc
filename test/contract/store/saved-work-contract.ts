import { describe, expect, it } from "vitest";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import { claimAt } from "./due-work-contract.js";
import { readRuns } from "./read-runs.js";
import { HOUR, insertSample, NOW, sampleMessage, saveAll, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const MINUTE = 60_000;

const ended = (run: RecipientRun): RecipientRun => ({
  ...run,
  status: "completed",
  position: null,
  due_at: null,
  data: { fetched: { a: [1] } },
  steps: [{ ref: "delay_1", type: "delay", outcome: "passed", reason: null }],
  reason: { code: "throttled", detail: "3 of 3" },
  events: [
    ...run.events,
    { event: "run_completed", status: "ok", step_ref: null, step_type: null, attempt: 1, data: null, at: NOW + MINUTE },
  ],
  error_count: 4,
  updated_at: NOW + MINUTE,
});

export function describeSavedWork(open: OpenStore): void {
  describe("saveAdvances", () => {
    it("stores the advanced runs with their new messages, and releases them", async () => {
      const inserted = await insertSample(open.store, {
        recipients: ["ada", "bob"],
        recipientRun: waitingAt(NOW),
        message: null,
      });
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 5);
      const advances = inserted.recipientRuns.map((run) => {
        const recipientRun = { ...ended(run), status: "paused" as const, position: [2, 0, 1], due_at: NOW + HOUR };
        return {
          recipientRun,
          messages: [
            sampleMessage(inserted.run, run),
            sampleMessage(inserted.run, run, { data: { own: true }, step_ref: "email_2" }),
          ],
        };
      });
      expect(await saveAll(open.store, advances, "t1")).toEqual(new Set(inserted.recipientRuns.map(({ id }) => id)));
      const other = await open.openAgain();
      expect(await readRuns(other, inserted.run.id)).toEqual(advances.map(({ recipientRun }) => recipientRun));
      for (const { messages } of advances)
        expect(await other.readMessages(messages.map(({ id }) => id))).toEqual(messages);
      expect(await other.readNextDueAt()).toBe(NOW + HOUR);
      expect(await other.claimDueRuns(claimAt(NOW + HOUR, "t2"), 5)).toHaveLength(2);
    });

    it("does not change a run that was claimed again after its lease, nor store its messages", async () => {
      const inserted = await insertSample(open.store, {
        recipients: ["ada"],
        recipientRun: waitingAt(NOW),
        message: null,
      });
      const [run] = inserted.recipientRuns as [RecipientRun];
      await open.store.claimDueRuns(claimAt(NOW, "slow"), 1);
      const other = await open.openAgain();
      open.realNow = NOW + MINUTE;
      await other.claimDueRuns(claimAt(NOW, "quick"), 1);
      expect(
        await saveAll(open.store, [{ recipientRun: ended(run), messages: [sampleMessage(inserted.run, run)] }], "slow"),
      ).toEqual(new Set());
      expect((await open.store.readRecipientRun(run.id))?.recipientRun).toEqual(run);
      expect((await open.store.listMessages({}, { limit: 5 })).items).toEqual([]);
      expect(await saveAll(other, [{ recipientRun: ended(run), messages: [] }], "quick")).toEqual(new Set([run.id]));
      expect(await saveAll(other, [{ recipientRun: run, messages: [] }], "quick")).toEqual(new Set());
    });

    it("still stores a run after its lease if no other process has claimed it", async () => {
      const inserted = await insertSample(open.store, {
        recipients: ["ada"],
        recipientRun: waitingAt(NOW),
        message: null,
      });
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 1);
      open.realNow = NOW + HOUR;
      expect(
        (await saveAll(open.store, [{ recipientRun: ended(inserted.recipientRuns[0]!), messages: [] }], "t1")).size,
      ).toBe(1);
    });

    it("E-355 keeps a run canceled that was canceled while it was claimed", async () => {
      const inserted = await insertSample(open.store, {
        recipients: ["ada"],
        run: { cancellation_key: "k" },
        recipientRun: waitingAt(NOW),
        message: null,
      });
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 1);
      await open.store.cancelRuns({
        workflow: inserted.run.workflow,
        cancellation_key: "k",
        recipients: null,
        at: NOW + 1,
      });
      expect(
        await saveAll(open.store, [{ recipientRun: ended(inserted.recipientRuns[0]!), messages: [] }], "t1"),
      ).toEqual(new Set());
      expect((await open.store.readRecipientRun(inserted.recipientRuns[0]!.id))?.recipientRun.status).toBe("cancelled");
    });

    it("stores everything or nothing", async () => {
      const inserted = await insertSample(open.store, { recipients: ["ada", "bob"], recipientRun: waitingAt(NOW) });
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 5);
      const [ada, bob] = inserted.recipientRuns as [RecipientRun, RecipientRun];
      const advances = [
        { recipientRun: ended(ada), messages: [] },
        { recipientRun: ended(bob), messages: [sampleMessage(inserted.run, bob, { id: inserted.messages[0]!.id })] },
      ];
      await expect(saveAll(open.store, advances, "t1")).rejects.toThrow();
      expect(await readRuns(open.store, inserted.run.id)).toEqual(inserted.recipientRuns);
    });
  });

  describe("saveMessages", () => {
    it("stores the delivery state and releases the message", async () => {
      const inserted = await insertSample(open.store, {
        recipients: ["ada"],
        message: { status: "queued", due_at: NOW, scheduled_at: NOW },
      });
      const [message] = await open.store.claimDueMessages(claimAt(NOW, "t1"), 1);
      const delivered = {
        ...message!,
        status: "delivery_attempted" as const,
        due_at: NOW + 14_000,
        attempts: 1,
        scheduled_at: null,
        metadata: { external_id: "e" },
        events: [...message!.events, { type: "delivery_attempted" as const, at: NOW + 3, data: { attempt: 1 } }],
        updated_at: NOW + 3,
      };
      expect((await open.store.saveMessages([delivered], "t1")).saved).toEqual(new Set([message!.id]));
      expect(await (await open.openAgain()).readMessages([inserted.messages[0]!.id])).toEqual([delivered]);
      expect(await open.store.readNextDueAt()).toBe(NOW + 14_000);
      expect((await open.store.saveMessages([message!], "t1")).saved).toEqual(new Set());
    });

    it("E-217 keeps the requests of deliveries, newest first, whichever process holds the message", async () => {
      const inserted = await insertSample(open.store, {
        recipients: ["ada"],
        message: { status: "queued", due_at: NOW },
      });
      const [message] = await open.store.claimDueMessages(claimAt(NOW, "t1"), 1);
      const log = (id: string, message_id: string) => ({
        id,
        message_id,
        at: NOW,
        service_name: "SendGrid",
        request: { method: "POST", body: { a: [1] } },
        response: { status: 429, body: "slow" },
      });
      const id = inserted.messages[0]!.id;
      await open.store.saveMessages([message!], "t1", [log("l1", id), log("l0", "of-no-message")]);
      await open.store.saveMessages([message!], "gone", [log("l2", id)]);
      const again = await open.openAgain();
      expect(await again.readDeliveryLogs(id)).toEqual([log("l2", id), log("l1", id)]);
      expect(await again.readDeliveryLogs("of-no-message")).toEqual([]);
      await open.store.clear({ keepRecipients: true });
      expect(await again.readDeliveryLogs(id)).toEqual([]);
    });

    it("stores nothing for a token whose claim was lost", async () => {
      await insertSample(open.store, { recipients: ["ada"], message: { status: "queued", due_at: NOW } });
      const [message] = await open.store.claimDueMessages(claimAt(NOW, "slow"), 1);
      open.realNow = NOW + MINUTE;
      await open.store.claimDueMessages(claimAt(NOW, "quick"), 1);
      const late = { ...message!, status: "sent", due_at: null } as const;
      expect((await open.store.saveMessages([late], "slow")).saved).toEqual(new Set());
      expect(await open.store.readMessages([message!.id])).toEqual([message]);
    });

    it("keeps engagement and its events from the time of the delivery", async () => {
      await insertSample(open.store, { recipients: ["ada"], message: { status: "queued", due_at: NOW } });
      const [message] = await open.store.claimDueMessages(claimAt(NOW, "t1"), 1);
      await open.store.markMessages([message!.id], "seen", NOW + 1);
      const sent = { type: "sent" as const, at: NOW + 2, data: null };
      await open.store.saveMessages(
        [{ ...message!, status: "sent", due_at: null, events: [...message!.events, sent], updated_at: NOW + 2 }],
        "t1",
      );
      const [read] = await open.store.readMessages([message!.id]);
      expect(read).toMatchObject({ status: "sent", seen_at: NOW + 1, due_at: null });
      expect(read?.events).toEqual([...message!.events, { type: "seen", at: NOW + 1, data: null }, sent]);
    });
  });
}
