import { describe, expect, it } from "vitest";
import { PAGE_LIMITS } from "../../../../src/domain/page/page-bytes.js";
import { paginateList } from "../../../../src/domain/page/paginate-list.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { SMALL_PAGE_BYTES, useSmallPages } from "../../../helpers/small-pages.js";
import { type TestEmulator, withApi } from "../../../helpers/test-emulator.js";

/** Returns a text with which three items reach a limit of bytes. */
const fillPage = (bytes: number): string => "x".repeat(bytes * 0.4);
const LARGE = fillPage(SMALL_PAGE_BYTES);
const ITEMS = 5;
const FEED_STEP = { ref: "feed_1", type: "channel", channel_key: "feed", channel_type: "in_app_feed" };

/** Reads all pages of a list forward, and from the last one backward. */
async function readPages({ request }: TestEmulator, path: string) {
  const read = async (cursor: string) => {
    const { status, body, rows, text } = await request(`GET ${path}${path.includes("?") ? "&" : "?"}${cursor}`);
    expect(status, text.slice(0, 200)).toBe(200);
    return { rows, ...(body?.page_info as { after: string | null; before: string | null }) };
  };
  const forward = [await read("")];
  for (let last = forward[0]; last?.after; last = forward.at(-1)) forward.push(await read(`after=${last.after}`));
  const backward = forward.slice(-1);
  for (let [first] = backward; first?.before; [first] = backward)
    backward.unshift(await read(`before=${first.before}`));
  const toIds = (pages: typeof forward) => pages.map(({ rows }) => rows.map(({ id }) => id));
  return { forward: toIds(forward), backward: toIds(backward) };
}

const trigger = async ({ request }: TestEmulator, workflow: string, data: JsonObject): Promise<void> => {
  expect((await request(`POST /v1/workflows/${workflow}/trigger`, { recipients: ["u1"], data })).status).toBe(200);
};

it("a page of a feed ends at 16 MB", () =>
  withApi(async (api) => {
    for (let n = 0; n < 4; n++) await trigger(api, "hello", { n, text: fillPage(PAGE_LIMITS.bytes) });
    const { rows, body } = await api.request("GET /v1/users/u1/feeds/feed");
    expect(rows).toHaveLength(3);
    expect(body?.page_info).toMatchObject({ after: expect.any(String) });
  }));

describe("with a lower limit", () => {
  useSmallPages();

  it("pages of large items end at a limit of bytes and have cursors in both directions", () =>
    withApi(async (api) => {
      for (let n = 0; n < ITEMS; n++) await trigger(api, "hello", { n, text: LARGE });
      const paths = ["feeds/feed", "feeds/feed?mode=compact", "messages?channel_id=feed"];
      for (const path of paths) {
        const { forward, backward } = await readPages(api, `/v1/users/u1/${path}`);
        expect(forward.map(({ length }) => length)).toEqual([3, 2]);
        expect(new Set(forward.flat()).size).toBe(ITEMS);
        expect(backward.flat()).toEqual(forward.flat());
      }
      const page = await api.request("GET /__knock/messages?channel=feed");
      expect([page.rows.length, page.body?.more]).toEqual([3, true]);
    }));

  it("A-288 a page of a feed ends at the activities of large digests", () =>
    withApi(async (api) => {
      const { harness } = api;
      const batch = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "minutes", value: 5 } } };
      harness.define("digest", {
        steps: [batch, { ...FEED_STEP, template: { markdown_body: "{{ total_activities }}" } }],
      });
      for (let digest = 0; digest < 3; digest++) {
        for (let n = 0; n < 2; n++) await trigger(api, "digest", { n, text: LARGE });
        await harness.moveTo(harness.now + 10 * 60_000);
      }
      const { forward, backward } = await readPages(api, "/v1/users/u1/feeds/feed");
      expect(forward.map(({ length }) => length)).toEqual([2, 1]);
      expect(new Set(forward.flat()).size).toBe(3);
      expect(backward.flat()).toEqual(forward.flat());
      const activities = await readPages(api, `/v1/messages/${String(forward[0]?.[0])}/activities`);
      expect(activities.forward.map(({ length }) => length)).toEqual([2]);
    }));

  it("A-210 refuses contents that are larger than a page, and names the fix", () =>
    withApi(async (api) => {
      api.harness.define("large", { steps: [{ ...FEED_STEP, template: { markdown_body: "{{ data.text }}" } }] });
      for (let n = 0; n < 3; n++) await trigger(api, "large", { n, text: LARGE });
      const ids = (await readPages(api, "/v1/messages?channel_id=feed")).forward.flat();
      const read = (some: unknown[]) =>
        api.request(`GET /v1/messages/batch/content?${some.map((id) => `message_ids[]=${String(id)}`).join("&")}`);
      expect((await read(ids.slice(0, 1))).rows).toHaveLength(1);
      const { status, body } = await read(ids);
      expect([status, body]).toMatchObject([
        422,
        { errors: [{ field: "message_ids", message: expect.stringContaining("request fewer messages at once") }] },
      ]);
    }));

  it("a page of a list in memory ends at the limit of bytes, in both directions", () => {
    const list = Array.from({ length: ITEMS }, (_, n) => ({ n, LARGE }));
    const first = paginateList(list, { limit: 50 });
    expect(first.items.map(({ n }) => n)).toEqual([0, 1, 2]);
    const second = paginateList(list, { limit: 50, after: first.page_info.after ?? "" });
    expect(second.items.map(({ n }) => n)).toEqual([3, 4]);
    expect(second.page_info.after).toBeNull();
    expect(paginateList(list, { limit: 50, before: second.page_info.before ?? "" })).toEqual({
      items: list.slice(0, 3),
      page_info: { ...first.page_info, before: null },
    });
    const lastThree = paginateList([...list, { n: 5, LARGE }], {
      limit: 50,
      before: Buffer.from("place:5").toString("base64url"),
    });
    expect(lastThree.items.map(({ n }) => n)).toEqual([2, 3, 4]);
    expect(lastThree.page_info.before).not.toBeNull();
  });
});
