import { describe, expect, it } from "vitest";
import type { PendingTrigger } from "../../../src/domain/run/batch-continuations.js";
import {
  type NewSourceEvent,
  SOURCE_KEY_LIFETIME_MS,
  SOURCE_LEASE_MS,
} from "../../../src/domain/trigger/source-receipt.js";
import { BASE62 } from "../../../src/util/ids.js";
import { claimAt } from "./due-work-contract.js";
import { HOUR, insertSample, NOW, sampleTrigger } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const MINUTE = 60_000;

function broadcastRun(key: string, at = NOW, over: Partial<PendingTrigger["run"]> = {}): PendingTrigger {
  const run = { trigger_source: { type: "broadcast" as const }, inserted_at: at, ...over };
  const newRun = sampleTrigger({ workflow: key, recipients: [], run });
  const fanOut = { listed: [], objects: [], after: null, target: { all_users: true as const } };
  return { run: newRun.run, version: newRun.version, fanOut, upserts: [] };
}

function describeBroadcastLog(open: OpenStore): void {
  describe("the broadcast log", () => {
    const log = async () => (await open.store.openLogs()).broadcasts;
    const insert = async (pending: PendingTrigger, again = false) => (await log()).insert(pending, { again });
    const state = async (key: string) => (await log()).readStates().then((states) => states.get(key));
    /** Sends the due broadcast, to no recipients. */
    const send = async (token: string) => {
      const [claimed] = await open.store.claimDueFanOuts(claimAt(NOW + HOUR, token), 1);
      const id = claimed?.run.id as string;
      await open.store.splitFanOut(
        { workflow_run_id: id, tenant: null, rest: null, triggers: [], upserts: [] },
        token,
        NOW,
      );
    };

    it("E-399 contains scheduled and sent broadcasts, for every process", async () => {
      expect(await state("news")).toBeUndefined();
      expect(await insert(broadcastRun("news"))).toBe(true);
      const scheduled = { status: "scheduled", scheduled_at: new Date(NOW).toISOString(), sent_at: null };
      const other = (await (await open.openAgain()).openLogs()).broadcasts;
      expect(await other.readStates()).toEqual(new Map([["news", scheduled]]));
      await send("t1");
      expect(await state("news")).toEqual({
        status: "sent",
        scheduled_at: null,
        sent_at: new Date(NOW).toISOString(),
      });
    });

    it("E-399 rejects a scheduled broadcast, and accepts a sent one only with `again`", async () => {
      await insert(broadcastRun("news"));
      expect([await insert(broadcastRun("news")), await insert(broadcastRun("news"), true)]).toEqual([false, false]);
      expect(await insert(broadcastRun("other"))).toBe(true);
      await (await log()).cancel("other");
      await send("t1");
      expect([await insert(broadcastRun("news")), await insert(broadcastRun("news"), true)]).toEqual([false, true]);
    });

    it("E-399 cancels a scheduled broadcast unless it is being sent", async () => {
      await insert(broadcastRun("news"));
      await open.store.claimDueFanOuts(claimAt(NOW, "t1"), 1);
      expect(await (await log()).cancel("news")).toBe(false);
      open.realNow += MINUTE;
      expect(await (await log()).cancel("news")).toBe(true);
      expect(await (await log()).cancel("news")).toBe(false);
      expect(await state("news")).toBeUndefined();
    });

    it("lists the runs into which a run was split", async () => {
      const first = broadcastRun("news");
      await insert(first);
      const [claimed] = await open.store.claimDueFanOuts(claimAt(NOW, "t1"), 1);
      const second = broadcastRun("news", NOW, {
        tenant: "acme",
        trigger_source: { type: "broadcast", of: first.run.id },
      });
      const split = { workflow_run_id: claimed?.run.id as string, tenant: null, rest: null, upserts: [] };
      await open.store.splitFanOut({ ...split, triggers: [second] }, "t1", NOW);
      expect(await (await log()).listSiblingRuns(first.run.id)).toEqual([
        { id: first.run.id, tenant: null },
        { id: second.run.id, tenant: "acme" },
      ]);
    });
  });
}

function describeSourceLog(open: OpenStore): void {
  describe("the source log", () => {
    let count = 0;
    const log = async () => (await open.store.openLogs()).sources;
    const event = (over: Partial<NewSourceEvent> = {}): NewSourceEvent => ({
      id: `event-${++count}`,
      source: "shop",
      event_type: "paid",
      timestamp: new Date(NOW).toISOString(),
      received_at: new Date(NOW).toISOString(),
      user_id: null,
      idempotency_key: "k1",
      error: null,
      ...over,
    });
    const begin = async (one: NewSourceEvent, realNow = NOW) => {
      open.realNow = realNow;
      return (await log()).begin(one, NOW);
    };

    it("E-386 keeps the key of a successful event for 24 hours, for every process", async () => {
      const first = event();
      expect(await begin(first)).toBe(true);
      await (await log()).finish(first.id, [], true);
      const other = (await (await open.openAgain()).openLogs()).sources;
      expect(await other.begin(event(), NOW + SOURCE_KEY_LIFETIME_MS - 1)).toBe(false);
      expect(await other.begin(event(), NOW + SOURCE_KEY_LIFETIME_MS)).toBe(true);
    });

    it("E-386 separates keys by source and type, and accepts events without a key", async () => {
      const first = event();
      await begin(first);
      await (await log()).finish(first.id, [], true);
      for (const other of [
        { source: "crm" },
        { event_type: "refunded" },
        { event_type: null },
        { idempotency_key: null },
      ])
        expect(await begin(event(other))).toBe(true);
    });

    it("E-386 releases the key of an event that failed or whose process crashed", async () => {
      const first = event();
      await begin(first);
      expect(await begin(event())).toBe(false);
      await (await log()).finish(first.id, [], false);
      expect(await begin(event())).toBe(true);
      expect(await begin(event(), NOW + SOURCE_LEASE_MS - 1)).toBe(false);
      expect(await begin(event(), NOW + SOURCE_LEASE_MS)).toBe(true);
    });

    it("lists events with their actions, newest first, by source", async () => {
      const [first, second, third] = [event(), event({ idempotency_key: null }), event({ source: "crm" })];
      const action = {
        action_type: "users_identify",
        outcome: "done",
        about: "ana",
        workflow_run_id: null,
        error: null,
      };
      for (const one of [first, second, third]) await begin(one as NewSourceEvent);
      await (await log()).finish((first as NewSourceEvent).id, [action as never], true);
      const ids = async (source: string | null, after?: string) => {
        const { items, page_info } = await (await log()).list(source, { limit: 2, ...(after ? { after } : {}) });
        return { ids: items.map(({ id }) => id), items, after: page_info.after };
      };
      const page = await ids(null);
      expect(page.ids).toEqual([third?.id, second?.id]);
      const rest = await ids(null, page.after as string);
      expect(rest.items).toEqual([{ ...first, replayed: false, actions: [action] }]);
      expect((await ids("shop")).ids).toEqual([second?.id, first?.id]);
      await (await log()).clear();
      expect((await ids(null)).ids).toEqual([]);
    });
  });
}

function describeOutboundLog(open: OpenStore): void {
  describe("the outbound log for webhooks", () => {
    const log = async () => (await open.store.openLogs()).outbound;
    // The store's own clock decides whether events are recorded.
    const now = Date.now();
    const hold = async (owner = "one", at = now) => {
      open.realNow = at;
      return (await log()).acquire(owner, MINUTE);
    };
    const read = async (after = 0) => (await log()).readEntries(after, 100);

    it("A-920 records events of every process in order while it is held", async () => {
      await insertSample(open.store, { recipients: ["before"] });
      expect(await hold()).toBe(true);
      const other = await open.openAgain();
      const inserted = await insertSample(other, { recipients: ["ada"], recipientRun: { error_count: 0 } });
      await other.markMessages([inserted.messages[0]!.id], "seen", NOW + 1);
      await (await log()).record("workflow.updated", NOW + 2, { key: "digest" });
      const entries = await read();
      expect(entries.map(({ about }) => about)).toEqual(["run", "run", "message", "message", "document"]);
      expect(entries).toMatchObject([
        { recipient_run_id: inserted.recipientRuns[0]!.id, type: "started" },
        { type: "completed" },
        { message_id: inserted.messages[0]!.id, first: 0, last: inserted.messages[0]!.events.length },
        { first: inserted.messages[0]!.events.length, last: inserted.messages[0]!.events.length + 1 },
        { type: "workflow.updated", at: NOW + 2, document: { key: "digest" } },
      ]);
      expect(await read(entries[3]!.id)).toEqual(entries.slice(4));
    });

    it("has one reader at a time, until its lease ends or is released", async () => {
      expect(await hold("one")).toBe(true);
      expect(await hold("two")).toBe(false);
      expect(await hold("one", now + 1)).toBe(true);
      expect(await hold("two", now + 2 * MINUTE)).toBe(true);
      await (await log()).release("two");
      expect(await hold("one", now + 2 * MINUTE)).toBe(true);
    });

    it("continues recording after its reader has released it", async () => {
      await hold();
      await (await log()).release("one");
      await insertSample(open.store, { recipients: ["ada"] });
      expect(await read()).not.toEqual([]);
    });

    it("deletes settled entries, is cleared, and is emptied when recording stops", async () => {
      await hold();
      await insertSample(open.store, { recipients: ["ada"] });
      const [first, ...rest] = await read();
      await (await log()).deleteEntries([first!.id]);
      expect(await read()).toEqual(rest);
      await (await log()).clear();
      expect(await read()).toEqual([]);
      await (await log()).stopRecording("one");
      await insertSample(open.store, { recipients: ["bob"] });
      expect(await hold()).toBe(true);
      expect(await read()).toEqual([]);
    });

    it("is not stopped while another process reads", async () => {
      await hold("one");
      await (await log()).stopRecording("two");
      await insertSample(open.store, { recipients: ["ada"] });
      expect(await read()).not.toEqual([]);
    });

    it("remembers which webhooks have acknowledged an entry until it is settled", async () => {
      await hold();
      for (const n of [1, 2]) await (await log()).record("workflow.updated", NOW, { n });
      const [first, second] = (await read()).map(({ id }) => id) as [number, number];
      await (await log()).acknowledge([{ entry: first, webhook: "a" }]);
      await (await log()).acknowledge([{ entry: first, webhook: "a" }]);
      expect(await (await log()).listAcknowledged()).toEqual([{ entry: first, webhook: "a" }]);
      expect(await (await log()).acknowledgeAll("b")).toBe(second);
      await (await log()).deleteEntries([first]);
      expect(await (await log()).listAcknowledged()).toEqual([{ entry: second, webhook: "b" }]);
      await (await log()).deleteEntries([second]);
      expect(await (await log()).acknowledgeAll("c")).toBe(0);
    });
  });
}

function describeTrackedLinks(open: OpenStore): void {
  describe("tracked links", () => {
    it("T-233 T-234 are found by message and number, and by a short link's key", async () => {
      const links = ["https://lark.test/a", "https://lark.test/b"];
      const { messages } = await insertSample(open.store, { recipients: ["ada"], message: { links } });
      const { id, inserted_at } = messages[0]!;
      const log = (await (await open.openAgain()).openLogs()).links;
      expect(await log.findByNumber(id, 1)).toEqual({ message_id: id, inserted_at, number: 1, url: links[1] });
      expect(await log.findByKey(`${id.slice(-9)}${BASE62[0]}`)).toEqual({
        message_id: id,
        inserted_at,
        number: 0,
        url: links[0],
      });
      expect([await log.findByNumber(id, 2), await log.findByNumber("none", 0)]).toEqual([null, null]);
      expect(await log.findByKey(`${id.slice(-9)}${BASE62[2]}`)).toBeNull();
    });

    it("are not found for a message without tracking", async () => {
      const { messages } = await insertSample(open.store, { recipients: ["ada"] });
      expect(await (await open.store.openLogs()).links.findByNumber(messages[0]!.id, 0)).toBeNull();
    });
  });
}

export function describeLogs(open: OpenStore): void {
  describeBroadcastLog(open);
  describeSourceLog(open);
  describeOutboundLog(open);
  describeTrackedLinks(open);
}
