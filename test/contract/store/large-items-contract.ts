import { describe, expect, it } from "vitest";
import { PAGE_LIMITS } from "../../../src/domain/page/page-bytes.js";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { Paged } from "../../../src/ports/page-request.js";
import { SMALL_PAGE_BYTES, useSmallPages } from "../../helpers/small-pages.js";
import { type ListPage, listPages, listPagesBackward } from "./read-pages.js";
import { insertSample, NOW, user } from "./sample-runs.js";
import { sampleSchedule } from "./sample-schedules.js";
import type { OpenStore } from "./store-contract.js";

/** Returns data with which three items reach a limit of bytes. */
const fillPage = (bytes: number) => ({ text: "x".repeat(bytes * 0.4) });
const LARGE = fillPage(SMALL_PAGE_BYTES);
const NAMES = ["a", "b", "c", "d", "e"];
const PAGE_SIZE = 50;
const object = toRecipientKey({ collection: "projects", id: "p1" });

const countItems = (pages: readonly Paged<unknown>[]): number[] => pages.map(({ items }) => items.length);

export function describeLargeItems(open: OpenStore): void {
  const insertRuns = async (sample: Partial<Parameters<typeof insertSample>[1]>) => {
    for (const name of NAMES) await insertSample(open.store, { recipients: ["ada"], ...sample, workflow: name });
  };
  const identify = () =>
    open.store.upsertRecipients(
      NAMES.map((name) => ({ key: user(name), properties: LARGE })),
      NOW,
    );

  async function expectLimitedPages(list: ListPage<unknown>): Promise<void> {
    const forward = await listPages(list, PAGE_SIZE);
    expect(countItems(forward)).toEqual([3, 2]);
    expect(forward.map(({ page_info }) => [page_info.before !== null, page_info.after !== null])).toEqual([
      [false, true],
      [true, false],
    ]);
    const backward = await listPagesBackward(list, PAGE_SIZE);
    expect(countItems(backward)).toEqual([3, 2]);
    const items = forward.flatMap((page) => page.items);
    expect(new Set(items.map((item) => JSON.stringify(item))).size).toBe(NAMES.length);
    expect(backward.flatMap((page) => page.items)).toEqual(items);
  }

  it("a page of messages ends at 16 MB, in both directions", async () => {
    expect(PAGE_LIMITS.bytes).toBe(16 * 1024 * 1024);
    await insertRuns({ run: { data: fillPage(PAGE_LIMITS.bytes) } });
    await expectLimitedPages((page) => open.store.listMessages({}, page));
  });

  describe("with a lower limit", () => {
    useSmallPages();

    it.each<[string, () => Promise<unknown>, ListPage<unknown>]>([
      [
        "messages with large data of their run",
        () => insertRuns({ run: { data: LARGE } }),
        (page) => open.store.listMessages({}, page),
      ],
      [
        "messages with large data of their own",
        () => insertRuns({ message: { data: { ...LARGE } } }),
        (page) => open.store.listMessages({ recipient: user("ada") }, page),
      ],
      [
        "messages with a large content, by status",
        () => insertRuns({ message: { content: LARGE } }),
        (page) => open.store.listMessages({ status: "delivered" }, page),
      ],
      [
        "a feed with large contents",
        () => insertRuns({ message: { content: LARGE } }),
        (page) => open.store.listFeed({ recipient: user("ada"), channel: "in-app-feed" }, page),
      ],
      [
        "runs with large data",
        () => insertRuns({ run: { data: LARGE }, message: null }),
        (page) => open.store.listRecipientRuns({ status: "completed" }, page),
      ],
      ["large recipients", identify, (page) => open.store.listRecipients({ collection: "$users" }, page)],
      [
        "large subscriptions",
        () =>
          open.store.upsertSubscriptions(
            NAMES.map((name) => ({ object, recipient: user(name), properties: LARGE })),
            NOW,
          ),
        (page) => open.store.listSubscriptions({ object }, page),
      ],
      [
        "large members",
        async () => {
          await identify();
          await open.store.addAudienceMembers(
            "vip",
            NAMES.map((name) => ({ recipient: user(name), tenant: null })),
            NOW,
          );
        },
        (page) => open.store.listAudienceMembers("vip", page),
      ],
      [
        "large events of sources",
        async () => {
          const { sources } = await open.store.openLogs();
          const event = { source: "shop", event_type: "paid", user_id: null, idempotency_key: null, error: LARGE.text };
          const timestamp = new Date(NOW).toISOString();
          for (const id of NAMES) await sources.begin({ ...event, id, timestamp, received_at: timestamp }, NOW);
        },
        async (page) => (await open.store.openLogs()).sources.list(null, page),
      ],
      [
        "schedules with large data",
        () => open.store.insertSchedules(NAMES.map((name) => sampleSchedule({ recipient: user(name), data: LARGE }))),
        (page) => open.store.listSchedules({}, page),
      ],
    ])("a page of %s ends at the limit of bytes, in both directions", async (_name, insert, list) => {
      await insert();
      await expectLimitedPages(list);
    });

    it("a page ends without a cursor if the last item reaches the limit of bytes", async () => {
      for (const name of NAMES.slice(0, 3))
        await insertSample(open.store, { workflow: name, recipients: ["ada"], run: { data: LARGE } });
      const pages = await listPages((page) => open.store.listMessages({}, page), PAGE_SIZE);
      expect(countItems(pages)).toEqual([3]);
      const [first] = await listPages((page) => open.store.listMessages({}, page), 1);
      const { items, page_info } = await open.store.listMessages(
        {},
        { limit: PAGE_SIZE, after: first?.page_info.after ?? "" },
      );
      expect([items.length, page_info.after]).toEqual([2, null]);
    });

    it("an item that is larger than a page is a page of its own", async () => {
      const data = { text: "x".repeat(SMALL_PAGE_BYTES + 1) };
      for (const name of NAMES.slice(0, 2))
        await insertSample(open.store, { workflow: name, recipients: ["ada"], run: { data } });
      expect(countItems(await listPages((page) => open.store.listMessages({}, page), PAGE_SIZE))).toEqual([1, 1]);
    });
  });
}
