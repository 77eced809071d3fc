import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { NO_CAUSED_WORK } from "../../../src/ports/due-store.js";
import type { IdempotencyRecord } from "../../../src/ports/trigger-store.js";
import { readRuns } from "./read-runs.js";
import { HOUR, insertSample, NOW, SINCE, sampleTrigger, sampleVersion, user, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

export function describeWorkflowRuns(open: OpenStore): void {
  describe("insertWorkflowRun", () => {
    it("stores a complete trigger, with recipients in order of acceptance", async () => {
      const inserted = await insertSample(open.store, {
        recipients: ["zoe", "ada", "projects/p1"],
        run: { tenant: "acme", cancellation_key: "k1", trigger_source: { type: "schedule", schedule_id: "s1" } },
        recipientRun: {
          ...waitingAt(NOW + HOUR),
          data: { page: "Mine" },
          via: {
            object: toRecipientKey({ collection: "projects", id: "p0" }),
            recipient: user("ada"),
            properties: { role: "owner" },
          },
          reason: { code: "condition", detail: "data.x" },
        },
        rest: { unidentified: [user("ghost")] },
      });
      const other = await open.openAgain();
      expect(await other.readWorkflowRun(inserted.run.id)).toEqual({
        run: inserted.run,
        unidentified: [user("ghost")],
      });
      expect(await readRuns(other, inserted.run.id)).toEqual(inserted.recipientRuns);
      expect(await other.readRecipientRun(inserted.recipientRuns[1]!.id)).toEqual({
        run: inserted.run,
        recipientRun: inserted.recipientRuns[1],
        version: inserted.version,
      });
    });

    it("stores complete messages, including their own data and any channel", async () => {
      const inserted = await insertSample(open.store, {
        recipients: ["ada", "bob"],
        run: { tenant: "acme" },
        message: {
          data: { page: "Other" },
          channel: {
            id: "0b0c0d0e-0000-4000-8000-000000000001",
            key: "sendgrid",
            type: "email",
            provider: "email_sendgrid",
          },
          status: "queued",
          due_at: NOW + 1,
          scheduled_at: NOW + 1,
          attempts: 2,
          metadata: { external_id: "x" },
          recipient_snapshot: { email: "ada@example.com" },
          seen_at: 1,
          read_at: 2,
          interacted_at: 3,
          link_clicked_at: 4,
          archived_at: 5,
          events: [
            { type: "created", at: NOW, data: null },
            { type: "delivery_attempted", at: NOW + 9, data: { attempt: 1 } },
          ],
        },
      });
      const ids = inserted.messages.map(({ id }) => id);
      expect(await (await open.openAgain()).readMessages([ids[1]!, "2zzzzzzzzzzzzzzzzzzzzzzzzzz", ids[0]!])).toEqual([
        inserted.messages[1],
        inserted.messages[0],
      ]);
    });

    it("EQ-09 accepts no runs, a run without messages, and a trigger with only unidentified recipients", async () => {
      const empty = await insertSample(open.store, { recipients: [], rest: { unidentified: [user("a"), user("b")] } });
      expect(await open.store.readWorkflowRun(empty.run.id)).toEqual({
        run: empty.run,
        unidentified: [user("a"), user("b")],
      });
      expect(await readRuns(open.store, empty.run.id)).toEqual([]);
      expect(await open.store.countRuns(empty.run.id)).toEqual({ runs: 0, ended: 0, hasEnded: true });
      const silent = await insertSample(open.store, { recipients: ["ada"], message: null });
      expect((await open.store.listMessages({ workflow_run_id: silent.run.id }, { limit: 5 })).items).toEqual([]);
    });

    it("reads return null for unknown IDs", async () => {
      expect(await open.store.readWorkflowRun("5b1ba4bc-3b6b-4d5e-9f5d-0f4b7d0f0000")).toBeNull();
      expect(await open.store.readRecipientRun("5b1ba4bc-3b6b-4d5e-9f5d-0f4b7d0f0000")).toBeNull();
      expect(await open.store.readMessages([])).toEqual([]);
    });

    it("E-014 keeps the definition that a run was triggered with, whatever later versions contain", async () => {
      const first = sampleVersion("new-comment", {
        version_id: "00000000-0000-5000-8000-000000000001",
        categories: ["one"],
      });
      const second = sampleVersion("new-comment", {
        version_id: "00000000-0000-5000-8000-000000000002",
        categories: ["two"],
        name: "Changed",
      });
      const inserted = [
        await insertSample(open.store, { version: first, recipients: ["ada"], recipientRun: waitingAt(NOW) }),
        await insertSample(open.store, { version: second, recipients: ["ada"], recipientRun: waitingAt(NOW + 1) }),
        await insertSample(open.store, { version: first, recipients: ["bob"], recipientRun: waitingAt(NOW + 2) }),
      ];
      const again = await open.openAgain();
      const claimed = await again.claimDueRuns({ now: NOW + 5, leaseMs: HOUR, token: "t" }, 10);
      expect(claimed.map(({ version }) => version)).toEqual([first, second, first]);
      const categories: unknown[] = [];
      for (const { messages } of inserted)
        categories.push((await again.readMessages([messages[0]!.id]))[0]?.categories);
      expect(categories).toEqual([["one"], ["two"], ["one"]]);
    });

    it("stores nothing if a part of it cannot be stored", async () => {
      const inserted = sampleTrigger({ recipients: ["ada", "bob"] });
      inserted.messages[1] = { ...inserted.messages[1]!, id: inserted.messages[0]!.id };
      await expect(open.store.insertWorkflowRun(inserted, SINCE)).rejects.toThrow();
      expect(await open.store.readWorkflowRun(inserted.run.id)).toBeNull();
      expect((await open.store.listRecipientRuns({}, { limit: 5 })).items).toEqual([]);
      // The store's caches of the failed insert must not affect the next one.
      const version = sampleVersion("other");
      const next = await insertSample(open.store, {
        version,
        recipients: ["ada"],
        message: { channel: { id: "c", key: "k", type: "sms", provider: "p" } },
      });
      const again = await insertSample(open.store, { recipients: ["ada"] });
      const other = await open.openAgain();
      expect(await other.readMessages([next.messages[0]!.id, again.messages[0]!.id])).toEqual([
        next.messages[0],
        again.messages[0],
      ]);
    });
  });

  describe("idempotency (E-383)", () => {
    const record = (over: Partial<IdempotencyRecord> = {}): IdempotencyRecord => ({
      key: "idem",
      fingerprint: "f1",
      workflow_run_id: "w",
      inserted_at: NOW,
      ...over,
    });

    it("replays the first trigger of a key, whatever the fingerprint, and stores nothing", async () => {
      const first = await insertSample(open.store, { recipients: ["ada"], rest: { idempotency: record() } });
      for (const fingerprint of ["f1", "f2"]) {
        const second = sampleTrigger({
          recipients: ["ada"],
          rest: { idempotency: record({ fingerprint, workflow_run_id: "x", inserted_at: NOW + 1 }) },
        });
        expect(await open.store.insertWorkflowRun(second, SINCE)).toEqual({ outcome: "replay", record: record() });
        expect(await open.store.readWorkflowRun(second.run.id)).toBeNull();
      }
      expect((await open.store.listRecipientRuns({}, { limit: 5 })).items.map(({ run }) => run.id)).toEqual([
        first.run.id,
      ]);
    });

    it("forgets a key after its window", async () => {
      await insertSample(open.store, { recipients: ["ada"], rest: { idempotency: record() } });
      expect(await open.store.readIdempotencyRecord("idem", NOW)).toEqual(record());
      expect(await open.store.readIdempotencyRecord("idem", NOW + 1)).toBeNull();
      expect(await open.store.readIdempotencyRecord("never", 0)).toBeNull();
      const later = record({ fingerprint: "f9", workflow_run_id: "y", inserted_at: NOW + 25 * HOUR });
      expect(
        await open.store.insertWorkflowRun(
          sampleTrigger({ recipients: ["ada"], rest: { idempotency: later } }),
          NOW + HOUR,
        ),
      ).toEqual({ outcome: "inserted", batchDecisions: new Map(), caused: NO_CAUSED_WORK });
      expect(await open.store.readIdempotencyRecord("idem", NOW + HOUR)).toEqual(later);
    });
  });

  describe("frequency records (E-068, E-070, EQ-13)", () => {
    const claim = (id: string, tenant = "", workflow = "welcome") => ({ workflow, recipient: user(id), tenant });

    it("are used per workflow, recipient and tenant; no tenant is a separate slot", async () => {
      await insertSample(open.store, { recipients: ["ada"], rest: { frequencyRecords: [claim("ada"), claim("ada")] } });
      expect(await open.store.readAlreadyTriggered([claim("ada"), claim("bob"), claim("ada")])).toEqual([user("ada")]);
      expect(await open.store.readAlreadyTriggered([claim("ada", "acme"), claim("ada", "", "other")])).toEqual([]);
      expect(await open.store.readAlreadyTriggered([])).toEqual([]);
    });

    it("return the recipients that are already claimed, and nothing of the second trigger is stored", async () => {
      await insertSample(open.store, { recipients: ["ada"], rest: { frequencyRecords: [claim("ada")] } });
      const second = sampleTrigger({
        recipients: ["bob", "ada"],
        rest: { frequencyRecords: [claim("bob"), claim("ada")] },
      });
      expect(await open.store.insertWorkflowRun(second, SINCE)).toEqual({
        outcome: "already_triggered",
        recipients: [user("ada")],
      });
      expect(await open.store.readWorkflowRun(second.run.id)).toBeNull();
      expect(await open.store.readAlreadyTriggered([claim("bob")])).toEqual([]);
    });
  });
}
