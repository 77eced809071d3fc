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
    /** Message ids by the name the tests give them. */
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

    /** A of acme, B of none, C of other; on another channel D; and what is in no feed of ana's. */
    beforeEach(async () => {
      const make = async (tenant: string | null, message = {}, workflow = "hello", recipient = "ana", at = NOW) => {
        const made = await insertSample(open.store, {
          version: sampleVersion(workflow, { categories: [`of-${workflow}`] }),
          recipients: [recipient],
          run: { tenant, inserted_at: at },
          message,
        });
        return made.messages[0]!.id;
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

    it("holds the recipient's delivered in-app messages, the newest first (A-101)", async () => {
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
    ])("A-101a: %j gives %j", async (filter, expected) => {
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
    ])("A-101b: %j gives %j", async (filter, expected) => {
      expect(await feed(filter)).toEqual(expected);
    });

    it("filters by engagement; the counts do not (Q-24)", async () => {
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

    it("leaves archived ones out unless asked for them (E-228)", async () => {
      await open.store.markMessages([ids.A!], "archived", NOW);
      expect(await feed()).toEqual(["D", "C", "B"]);
      expect(await counts()).toEqual([3, 3, 3]);
      expect(await feed({ archived: "only" })).toEqual(["A"]);
      expect(await feed({ archived: "include" })).toEqual(["D", "C", "B", "A"]);
    });

    it("shows granted tenants, and what has none only where that is granted (A-014)", async () => {
      expect(await feed({ granted: { tenants: ["acme"], untagged: false } })).toEqual(["A"]);
      expect(await feed({ granted: { tenants: ["acme", "nowhere"], untagged: true } })).toEqual(["D", "B", "A"]);
      expect(await counts({ granted: { tenants: [], untagged: false } })).toEqual([0, 0, 0]);
    });

    it("tells whose messages are new since a mark", async () => {
      const { mark, recipients } = await open.store.readNewMessages(null);
      expect(recipients).toBeNull();
      expect(await open.store.readNewMessages(mark)).toEqual({ mark, recipients: [] });
      await insertSample(open.store, { recipients: ["bob", "ana"] });
      const later = await (await open.openAgain()).readNewMessages(mark);
      expect([later.mark !== mark, later.recipients?.toSorted()]).toEqual([true, [user("ana"), user("bob")]]);
      await open.store.clear({ keepRecipients: true });
      expect((await open.store.readNewMessages(later.mark)).recipients).toBeNull();
    });

    it("looks at all again where the newest message has been deleted meanwhile (A-205)", async () => {
      const { messages } = await insertSample(open.store, { recipients: ["bob"] });
      const { mark } = await open.store.readNewMessages(null);
      await open.store.deleteMessages(messages.map(({ id }) => id));
      await insertSample(open.store, { recipients: ["cem"] });
      const told = (await open.store.readNewMessages(mark)).recipients;
      expect(told === null || told.includes(user("cem"))).toBe(true);
    });

    it("pages, and an item's cursor leads to what is newer (A-603)", async () => {
      const first = await open.store.listFeed({ recipient: user("ana") }, { limit: 3 });
      const rest = await open.store.listFeed({ recipient: user("ana") }, { limit: 3, after: first.page_info.after! });
      expect(names(rest.items.map(({ message }) => message))).toEqual(["A"]);
      const newer = await open.store.listFeed({ recipient: user("ana") }, { limit: 3, before: rest.items[0]!.cursor });
      expect(names(newer.items.map(({ message }) => message))).toEqual(["D", "C", "B"]);
    });
  });
}
