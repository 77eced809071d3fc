import { describe, expect, it } from "vitest";
import type { FeedFilter } from "../../../src/domain/message/feed-filter.js";
import type { Store } from "../../../src/ports/store.js";
import { applyRandomOperation, createRandom } from "./random-operations.js";
import { insertSample, user } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const SEED = 3;
const OPERATIONS = 60;
/** From this number of messages on, a store may keep the counts of a feed. */
const LARGE = 1_000;

const FILTERS: Omit<FeedFilter, "recipient">[] = [
  {},
  { status: "unread" },
  { status: "seen", archived: "include" },
  { archived: "only" },
  { archived: "include", status: "read", channel: "feed" },
  { tenant: "acme" },
  { tenant: "acme", has_tenant: true, status: "unseen" },
  { has_tenant: false, channel: "alerts" },
  { granted: { tenants: ["globex"], untagged: true } },
  { granted: { tenants: ["acme"], untagged: false }, archived: "include" },
];

/** Returns pages and counts of each filter, by the IDs of the messages. */
async function readFeeds(store: Store, recipient: string, more: Partial<FeedFilter> = {}): Promise<unknown[]> {
  const pages: unknown[] = [];
  for (const filter of FILTERS) {
    const { items, ...rest } = await store.listFeed({ ...filter, ...more, recipient: user(recipient) }, { limit: 20 });
    pages.push({ filter, ids: items.map(({ message }) => message.id), ...rest });
  }
  return pages;
}

/** Bounds of a time that all messages are in. Kept counts cannot be used with them. */
const ANY_TIME: Partial<FeedFilter> = { inserted_at: { gte: 0 } };

export function describeFeedCounts(open: OpenStore): void {
  const fill = (store: Store, recipient: string, count: number, tenant: string | null) =>
    insertSample(store, {
      recipients: Array.from({ length: count }, () => recipient),
      run: { tenant },
    });

  describe("the counts of large feeds", () => {
    it("A-101 are those of a count, after any operations of two processes", async () => {
      const random = createRandom(SEED);
      const users = ["ana", "bo"];
      const other = await open.openAgain();
      await fill(open.store, "ana", LARGE + 5, "acme");
      await fill(open.store, "bo", LARGE - 1, null);
      await fill(other, "bo", 2, "globex");
      for (let count = 0; count < OPERATIONS; count++) {
        if (count % 10 === 0)
          for (const recipient of users) {
            const counted = (await readFeeds(open.store, recipient, ANY_TIME)) as object[];
            expect(await readFeeds(open.store, recipient)).toEqual(counted);
          }
        const store = random(2) === 0 ? open.store : other;
        await applyRandomOperation(store, random, { users, deletesUsers: false });
      }
    });

    it("E-053 A-097 are those of the remaining messages after recipients are deleted and merged", async () => {
      const { store } = open;
      const total = async (id: string) =>
        (await store.listFeed({ recipient: user(id) }, { limit: 1 })).counts.total_count;
      await store.upsertRecipients(
        ["ana", "bo", "cem"].map((id) => ({ key: user(id), properties: {} })),
        0,
      );
      for (const id of ["ana", "bo", "cem"]) await fill(store, id, LARGE, "acme");
      await store.mergeRecipients(user("ana"), user("bo"), 0);
      await store.deleteRecipients([user("cem")]);
      expect([await total("ana"), await total("bo"), await total("cem")]).toEqual([2 * LARGE, 0, 0]);
      await store.clear({ keepRecipients: true });
      await fill(store, "ana", 1, "acme");
      expect(await total("ana")).toBe(1);
    });
  });
}
