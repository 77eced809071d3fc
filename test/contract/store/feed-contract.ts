import { beforeEach, describe, expect, it } from "vitest";
import type { FeedFilter } from "../../../src/domain/message/feed-filter.js";
import { insertSample, NOW, sampleVersion, user } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const SMS = { id: "0b0c0d0e-0000-4000-8000-000000000002", key: "twilio", type: "sms", provider: "sms_twilio" } as const;
const ALERTS = {
  id: "0b0c0d0e-0000-4000-8000-000000000003",
  key: "alerts",
  type: "in_app_feed",
  provider: "x",
} as const;

export function describeFeed(open: OpenStore): void {
  describe("a feed", () => {
    /** Message IDs by the tests' names for them. */
    let ids: Record<string, string>;
    const names = (found: readonly { id: string }[]): string[] =>
      found.map(({ id }) => Object.keys(ids).find((name) => ids[name] === id) ?? id);
    const feed = async (filter: Omit<FeedFilter, "recipient"> = {}): Promise<string[]> => {
      const { items } = await open.store.listFeed({ recipient: user("ana"), ...filter }, { limit: 50 });
      return names(items.map(({ message }) => message));
    };
    const counts = async (filter: Omit<FeedFilter, "recipient"> = {}): Promise<number[]> => {
      const { counts: c } = await open.store.listFeed({ recipient: user("ana"), ...filter }, { limit: 1 });
      return [c.total_count, c.unread_count, c.unseen_count];
    };

    /** Creates messages of ana: A in tenant acme, B without a tenant, C in tenant other, and D on another channel; and messages that are not in her feed. */
    beforeEach(async () => {
      const make = async (tenant: string | null, message = {}, workflow = "hello", recipient = "ana", at = NOW) => {
        const inserted = await insertSample(open.store, {
          version: sampleVersion(workflow, { categories: [`of-${workflow}`] }),
          recipients: [recipient],
          run: { tenant, inserted_at: at },
          message,
        });
        return inserted.messages[0]!.id;
      };
      ids = {
        A: await make("acme"),
        B: await make(null),
        C: await make("other"),
        D: await make(null, { channel: ALERTS }, "alarm", "ana", NOW + 1000),
      };
      await make("acme", { channel: SMS });
      await make("acme", { status: "queued", scheduled_at: NOW + 9 });
      await make("acme", {}, "hello", "bo");
    });

    it("A-101 contains the recipient's delivered in-app messages, newest first", async () => {
      expect(await feed()).toEqual(["D", "C", "B", "A"]);
      expect(await open.store.listFeed({ recipient: user("ghost") }, { limit: 5 })).toEqual({
        items: [],
        page_info: { after: null, before: null, page_size: 5 },
        counts: { total_count: 0, unread_count: 0, unseen_count: 0 },
      });
    });

    it.each<[Omit<FeedFilter, "recipient">, string[]]>([
      [{ tenant: "acme" }, ["D", "B", "A"]],
      [{ tenant: "acme", has_tenant: true }, ["A"]],
      [{ has_tenant: true }, ["C", "A"]],
      [{ has_tenant: false }, ["D", "B"]],
    ])("A-101a %j selects %j", async (filter, expected) => {
      expect(await feed(filter)).toEqual(expected);
      expect((await counts(filter))[0]).toBe(expected.length);
    });

    it.each<[Omit<FeedFilter, "recipient">, string[]]>([
      [{ channel: "alerts" }, ["D"]],
      [{ channel: ALERTS.id }, ["D"]],
      [{ channel: "twilio" }, []],
      [{ source: "alarm" }, ["D"]],
      [{ workflow_categories: ["of-alarm", "none"] }, ["D"]],
      [{ source: "hello", workflow_categories: ["of-alarm"] }, []],
      [{ inserted_at: { gt: NOW } }, ["D"]],
      [{ inserted_at: { gte: NOW, lt: NOW + 1000 } }, ["C", "B", "A"]],
      [{ inserted_at: { lte: NOW - 1 } }, []],
    ])("A-101b %j selects %j", async (filter, expected) => {
      expect(await feed(filter)).toEqual(expected);
    });

    it("Q-24 filters by engagement without affecting the counts", async () => {
      await open.store.markMessages([ids.A!], "read", NOW);
      await open.store.markMessages([ids.B!], "seen", NOW);
      expect(await feed({ status: "unread" })).toEqual(["D", "C", "B"]);
      expect(await feed({ status: "read" })).toEqual(["A"]);
      expect(await feed({ status: "unseen" })).toEqual(["D", "C", "A"]);
      expect(await feed({ status: "seen" })).toEqual(["B"]);
      expect(await feed({ status: "all" })).toHaveLength(4);
      expect(await counts({ status: "read" })).toEqual([4, 3, 3]);
      expect(await counts({ tenant: "acme", has_tenant: true })).toEqual([1, 0, 1]);
    });

    it("E-228 excludes archived messages by default", async () => {
      await open.store.markMessages([ids.A!], "archived", NOW);
      expect(await feed()).toEqual(["D", "C", "B"]);
      expect(await counts()).toEqual([3, 3, 3]);
      expect(await feed({ archived: "only" })).toEqual(["A"]);
      expect(await feed({ archived: "include" })).toEqual(["D", "C", "B", "A"]);
    });

    it("A-014 shows granted tenants, and messages without a tenant only if granted", async () => {
      expect(await feed({ granted: { tenants: ["acme"], untagged: false } })).toEqual(["A"]);
      expect(await feed({ granted: { tenants: ["acme", "nowhere"], untagged: true } })).toEqual(["D", "B", "A"]);
      expect(await counts({ granted: { tenants: [], untagged: false } })).toEqual([0, 0, 0]);
    });

    it("returns the recipients with new messages since a cursor", async () => {
      const { cursor, recipients } = await open.store.readNewMessages(null);
      expect(recipients).toBeNull();
      expect(await open.store.readNewMessages(cursor)).toEqual({ cursor, recipients: [] });
      await insertSample(open.store, { recipients: ["bob", "ana"] });
      const later = await (await open.openAgain()).readNewMessages(cursor);
      expect([later.cursor !== cursor, later.recipients?.toSorted()]).toEqual([true, [user("ana"), user("bob")]]);
      await open.store.clear({ keepRecipients: true });
      expect((await open.store.readNewMessages(later.cursor)).recipients).toBeNull();
    });

    it("A-205 reports new messages after the newest message was deleted", async () => {
      const { messages } = await insertSample(open.store, { recipients: ["bob"] });
      const { cursor } = await open.store.readNewMessages(null);
      await open.store.deleteMessages(messages.map(({ id }) => id));
      await insertSample(open.store, { recipients: ["cem"] });
      const recipients = (await open.store.readNewMessages(cursor)).recipients;
      expect(recipients === null || recipients.includes(user("cem"))).toBe(true);
    });

    it("A-603 returns pages, and an item's cursor selects newer items", async () => {
      const first = await open.store.listFeed({ recipient: user("ana") }, { limit: 3 });
      const rest = await open.store.listFeed({ recipient: user("ana") }, { limit: 3, after: first.page_info.after! });
      expect(names(rest.items.map(({ message }) => message))).toEqual(["A"]);
      const newer = await open.store.listFeed({ recipient: user("ana") }, { limit: 3, before: rest.items[0]!.cursor });
      expect(names(newer.items.map(({ message }) => message))).toEqual(["D", "C", "B"]);
    });
  });
}
