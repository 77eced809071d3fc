import { beforeEach, describe, expect, it } from "vitest";
import type { Message, MessageStatuses } from "../../../src/domain/message/message.js";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import type { Claim, WorkScope } from "../../../src/ports/due-store.js";
import type { ClaimedRun } from "../../../src/ports/run-store.js";
import { getProcessIdentity } from "../../../src/util/process-identity.js";
import {
  HOUR,
  insertSample,
  NOW,
  SINCE,
  sampleMessage,
  sampleTrigger,
  saveAll,
  user,
  waitingAt,
} from "./sample-runs.js";
import { sampleSchedule } from "./sample-schedules.js";
import type { OpenStore } from "./store-contract.js";

const MINUTE = 60_000;

/** Returns a claim at a time of the store's clock, with a lease of a minute of the store's real time. */
export function claimAt(now: number, token: string): Claim {
  return { now, leaseMs: MINUTE, token };
}

/** Returns the fields of a message that a claim contains. */
function readMarks(message: Message): MessageStatuses {
  const { step_ref, status, seen_at, read_at, interacted_at, link_clicked_at, archived_at } = message;
  return { step_ref, status, seen_at, read_at, interacted_at, link_clicked_at, archived_at };
}

export function describeDueWork(open: OpenStore): void {
  describe("releaseDeadClaims", () => {
    it("keeps the claims of a process that has not ended, or that is not known", async () => {
      await insertSample(open.store, { recipients: ["ada", "grace"], recipientRun: waitingAt(NOW) });
      await open.store.claimDueRuns(claimAt(NOW, `${getProcessIdentity()}:t1`), 1);
      await open.store.claimDueRuns(claimAt(NOW, "t2"), 1);
      expect(await open.store.releaseDeadClaims(NOW)).toBe(false);
      expect(await open.store.claimDueRuns(claimAt(NOW, "t3"), 10)).toEqual([]);
    });
  });

  describe("claimDueRuns", () => {
    it("returns due runs by due time and order of acceptance, with everything that an advance needs", async () => {
      const late = await insertSample(open.store, { recipients: ["late"], recipientRun: waitingAt(NOW + 20) });
      const two = await insertSample(open.store, { recipients: ["one", "two"], recipientRun: waitingAt(NOW + 10) });
      await insertSample(open.store, { recipients: ["future"], recipientRun: waitingAt(NOW + 21) });
      await insertSample(open.store, { recipients: ["done"] });
      const claimed = await (await open.openAgain()).claimDueRuns(claimAt(NOW + 20, "t1"), 10);
      expect(claimed).toEqual([
        {
          recipientRun: two.recipientRuns[0],
          run: two.run,
          version: two.version,
          messages: [readMarks(two.messages[0]!)],
          batch: null,
          signals: [],
          revision: expect.any(Number),
        },
        {
          recipientRun: two.recipientRuns[1],
          run: two.run,
          version: two.version,
          messages: [readMarks(two.messages[1]!)],
          batch: null,
          signals: [],
          revision: expect.any(Number),
        },
        {
          recipientRun: late.recipientRuns[0],
          run: late.run,
          version: late.version,
          messages: [readMarks(late.messages[0]!)],
          batch: null,
          signals: [],
          revision: expect.any(Number),
        },
      ]);
    });

    it("returns a run's messages oldest first", async () => {
      const inserted = await insertSample(open.store, { recipients: ["ada"], recipientRun: waitingAt(NOW) });
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 1);
      const run = inserted.recipientRuns[0]!;
      const more = [
        sampleMessage(inserted.run, run, { step_ref: "b", id: "1".repeat(27) }),
        sampleMessage(inserted.run, run, { step_ref: "c", id: "0".repeat(27) }),
      ];
      await saveAll(open.store, [{ recipientRun: { ...run, due_at: NOW + 1 }, messages: more }], "t1");
      const [claimed] = await open.store.claimDueRuns(claimAt(NOW + 1, "t2"), 1);
      expect(claimed?.messages).toEqual([inserted.messages[0]!, ...more].map(readMarks));
    });

    it("returns up to the limit, and the rest in the next claim", async () => {
      await insertSample(open.store, { recipients: ["a", "b", "c"], recipientRun: waitingAt(NOW) });
      const first = await open.store.claimDueRuns(claimAt(NOW, "t1"), 2);
      const second = await open.store.claimDueRuns(claimAt(NOW, "t2"), 2);
      expect([first, second].map((claimed) => claimed.map(({ recipientRun }) => recipientRun.recipient))).toEqual([
        [user("a"), user("b")],
        [user("c")],
      ]);
      expect(await open.store.claimDueRuns(claimAt(NOW, "t3"), 2)).toEqual([]);
    });

    it("skips a leased run until its lease ends in real time, whatever the store's clock", async () => {
      await insertSample(open.store, { recipients: ["ada"], recipientRun: waitingAt(NOW) });
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 5);
      const other = await open.openAgain();
      open.realNow = NOW + MINUTE - 1;
      expect(await other.claimDueRuns(claimAt(NOW + 100 * HOUR, "t2"), 5)).toEqual([]);
      open.realNow = NOW + MINUTE;
      expect(await other.claimDueRuns(claimAt(NOW, "t2"), 5)).toHaveLength(1);
    });
  });

  describe("claimDueRuns, with a clock", () => {
    const clock = { offset_ms: 0, frozen_at: NOW + 5 };

    it("sets the clock with the claim", async () => {
      await insertSample(open.store, { recipients: ["ada"], recipientRun: waitingAt(NOW + 5) });
      expect(await open.store.claimDueRuns({ ...claimAt(NOW + 5, "t1"), clock }, 5)).toHaveLength(1);
      expect(await (await open.openAgain()).readClock()).toEqual({ ...clock, real_now: NOW });
    });

    it("does not change the clock if nothing is due", async () => {
      await insertSample(open.store, { recipients: ["ada"], recipientRun: waitingAt(NOW + 6) });
      expect(await open.store.claimDueRuns({ ...claimAt(NOW + 5, "t1"), clock }, 5)).toEqual([]);
      expect(await open.store.readClock()).toEqual({ offset_ms: 0, frozen_at: null, real_now: NOW });
    });
  });

  describe("claimDueRuns, up to a later time", () => {
    const claimUntil = (until: number, token = "t1", now = NOW) => ({ ...claimAt(now, token), until });
    const claimRecipients = async (claim: Claim) =>
      (await open.store.claimDueRuns(claim, 5)).map(({ recipientRun }) => recipientRun.recipient);
    beforeEach(async () => {
      for (const [name, after] of [
        ["cy", 3],
        ["ada", 0],
        ["bob", 1],
      ] as const)
        await insertSample(open.store, { recipients: [name], recipientRun: waitingAt(NOW + after), message: null });
    });

    it("claims the runs of all moments until then, in their order", async () => {
      expect(await claimRecipients(claimUntil(NOW + 2))).toEqual([user("ada"), user("bob")]);
      expect(await claimRecipients(claimUntil(NOW + 9, "t2", NOW + 3))).toEqual([user("cy")]);
    });

    it("claims nothing if nothing is due now", async () => {
      expect(await claimRecipients(claimUntil(NOW + 9, "t1", NOW - 1))).toEqual([]);
    });

    it("ends before the first moment at which other work is due", async () => {
      await insertSample(open.store, { recipients: ["dee"], message: { status: "queued", due_at: NOW + 3 } });
      expect(await claimRecipients(claimUntil(NOW + 9))).toEqual([user("ada"), user("bob")]);
    });

    it("saveAdvances releases the runs that were not advanced, and sets the clock", async () => {
      const [first] = await open.store.claimDueRuns(claimUntil(NOW + 9), 5);
      const recipientRun = { ...(first?.recipientRun as RecipientRun), status: "completed" as const, due_at: null };
      const { revision } = first as ClaimedRun;
      const advance = { recipientRun, messages: [], batch: null, upserts: [], triggers: [], version: null, revision };
      const clock = { offset_ms: 0, frozen_at: NOW };
      await open.store.saveAdvances([advance], "t1", NOW, { clock });
      expect(await open.store.readClock()).toEqual({ ...clock, real_now: NOW });
      const other = await open.openAgain();
      const claimed = await other.claimDueRuns(claimUntil(NOW + 9, "t2", NOW + 1), 5);
      expect(claimed.map(({ recipientRun: { recipient } }) => recipient)).toEqual([user("bob"), user("cy")]);
    });
  });

  describe("listDueKinds", () => {
    const kinds = async (now: number, scope?: WorkScope) => [...(await open.store.listDueKinds(now, scope))].sort();

    it("is empty if nothing is due", async () => {
      await insertSample(open.store, { recipients: ["ada"], recipientRun: waitingAt(NOW + 2) });
      await insertSample(open.store, { recipients: ["bob"], message: { status: "queued", due_at: NOW + 3 } });
      expect(await kinds(NOW + 1)).toEqual([]);
      expect(await kinds(NOW + 2)).toEqual(["runs"]);
      expect(await kinds(NOW + 3)).toEqual(["messages", "runs"]);
    });

    it("excludes leased work until the lease ends in real time", async () => {
      await insertSample(open.store, { recipients: ["ada"], recipientRun: waitingAt(NOW) });
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 1);
      expect(await kinds(NOW + HOUR)).toEqual([]);
      open.realNow = NOW + MINUTE;
      expect(await kinds(NOW)).toEqual(["runs"]);
    });

    it("contains fan-outs, schedules and user changes", async () => {
      const rest = { listed: [{ key: user("bob"), trigger_data: null }], objects: [], after: null };
      const inserted = sampleTrigger({ recipients: ["ada"], message: null });
      await open.store.insertWorkflowRun({ ...inserted, fanOut: { rest, claim: claimAt(NOW, "t1") } }, SINCE);
      open.realNow = NOW + MINUTE;
      expect(await kinds(NOW)).toEqual(["fan_outs"]);
      open.realNow = NOW;
      await open.store.addAudienceMembers("beta", [{ recipient: user("ada"), tenant: null }], NOW);
      await open.store.insertSchedules([sampleSchedule({ next_occurrence_at: NOW })]);
      expect(await kinds(NOW)).toEqual(["schedules", "user_changes"]);
    });
  });

  describe("claimDueMessages", () => {
    it("returns due messages by due time and order of acceptance, once", async () => {
      const late = await insertSample(open.store, {
        recipients: ["late"],
        message: { status: "queued", due_at: NOW + 2 },
      });
      const early = await insertSample(open.store, {
        recipients: ["a", "b"],
        message: { status: "queued", due_at: NOW + 1 },
      });
      await insertSample(open.store, { recipients: ["future"], message: { status: "queued", due_at: NOW + 3 } });
      await insertSample(open.store, { recipients: ["done"] });
      expect(await open.store.claimDueMessages(claimAt(NOW + 2, "t1"), 2)).toEqual(early.messages);
      expect(await open.store.claimDueMessages(claimAt(NOW + 2, "t2"), 2)).toEqual(late.messages);
      expect(await open.store.claimDueMessages(claimAt(NOW + 2, "t3"), 2)).toEqual([]);
      open.realNow = NOW + MINUTE;
      expect(await open.store.claimDueMessages(claimAt(NOW + 2, "t4"), 9)).toHaveLength(3);
    });
  });

  describe("a message's secrets", () => {
    const chat = { id: "c", key: "chat", type: "chat", provider: "chat_slack" } as const;
    const held = {
      channel: chat,
      status: "queued",
      due_at: NOW,
      secrets: { connection: { access_token: "x" } },
    } as const;
    const { secrets } = held;

    it("are returned only with the claim for its delivery", async () => {
      const { messages } = await insertSample(open.store, { recipients: ["a"], message: { ...held } });
      const ids = messages.map(({ id }) => id);
      for (const [one] of [await open.store.readMessages(ids), (await open.store.listMessages({}, { limit: 5 })).items])
        expect(one).not.toHaveProperty("secrets");
      expect((await open.store.claimDueMessages(claimAt(NOW, "t1"), 5))[0]?.secrets).toEqual(secrets);
    });

    it("are kept until the last attempt", async () => {
      await insertSample(open.store, { recipients: ["a"], message: { ...held } });
      const [first] = await open.store.claimDueMessages(claimAt(NOW, "t1"), 5);
      if (!first) throw new Error("nothing was due");
      await open.store.saveMessages([{ ...first, due_at: NOW + 1 }], "t1");
      const [second] = await open.store.claimDueMessages(claimAt(NOW + 1, "t2"), 5);
      expect(second?.secrets).toEqual(secrets);
      await open.store.saveMessages([{ ...first, status: "sent", due_at: NOW + 2 }], "t2");
      const [third] = await open.store.claimDueMessages(claimAt(NOW + 2, "t3"), 5);
      expect(third).toMatchObject({ status: "sent" });
      expect(third).not.toHaveProperty("secrets");
    });

    it("A-205 are deleted with it", async () => {
      const { run, messages } = await insertSample(open.store, { recipients: ["a"], message: { ...held } });
      const [message] = messages;
      if (!message) throw new Error("no message");
      await open.store.deleteMessages([message.id]);
      // The message's ID is available again, and so is the key of its secrets.
      const again = await insertSample(open.store, {
        recipients: ["a"],
        run: { cancellation_key: run.id },
        message: { ...held, id: message.id },
      });
      expect(again.messages.map(({ id }) => id)).toEqual([message.id]);
    });
  });

  describe("readNextDueAt", () => {
    it("is null if nothing waits", async () => {
      await insertSample(open.store, { recipients: ["ada"] });
      expect(await open.store.readNextDueAt()).toBeNull();
    });

    it("is the earliest due time of runs and messages, including past times", async () => {
      await insertSample(open.store, { recipients: ["a", "b"], recipientRun: waitingAt(NOW + HOUR), message: null });
      expect(await open.store.readNextDueAt()).toBe(NOW + HOUR);
      await insertSample(open.store, { recipients: ["c"], message: { due_at: NOW + 5, status: "queued" } });
      expect(await open.store.readNextDueAt()).toBe(NOW + 5);
      await insertSample(open.store, { recipients: ["d"], recipientRun: waitingAt(NOW - HOUR), message: null });
      expect(await open.store.readNextDueAt()).toBe(NOW - HOUR);
    });

    it("includes leased work at the end of its lease, or later if it is due later", async () => {
      await insertSample(open.store, { recipients: ["a", "b"], recipientRun: waitingAt(NOW - 1), message: null });
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 1);
      expect(await open.store.readNextDueAt()).toBe(NOW - 1);
      await open.store.claimDueRuns({ ...claimAt(NOW, "t2"), leaseMs: 2 * MINUTE }, 1);
      expect(await open.store.readNextDueAt()).toBe(NOW + MINUTE);
      open.realNow = NOW + MINUTE;
      expect(await open.store.readNextDueAt()).toBe(NOW - 1);
      await insertSample(open.store, { recipients: ["c"], message: { due_at: NOW + 30 * MINUTE, status: "queued" } });
      await open.store.claimDueMessages(claimAt(NOW + 30 * MINUTE, "t3"), 1);
      open.realNow = NOW + 10 * MINUTE;
      await open.store.claimDueRuns(claimAt(NOW, "t4"), 5);
      expect(await open.store.readNextDueAt()).toBe(NOW + 11 * MINUTE);
    });

    it("converts the end of a lease to the store's time, moved or frozen", async () => {
      await insertSample(open.store, { recipients: ["a"], recipientRun: waitingAt(NOW + HOUR), message: null });
      await open.store.writeClock({ offset_ms: 2 * HOUR, frozen_at: null });
      await open.store.claimDueRuns(claimAt(NOW + 2 * HOUR, "t1"), 1);
      expect(await open.store.readNextDueAt()).toBe(NOW + 2 * HOUR + MINUTE);
      await open.store.writeClock({ offset_ms: 0, frozen_at: NOW + 5 * HOUR });
      open.realNow = NOW + MINUTE / 2;
      expect(await open.store.readNextDueAt()).toBe(NOW + 5 * HOUR + MINUTE / 2);
    });
  });
}
