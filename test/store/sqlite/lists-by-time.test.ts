import { expect, it } from "vitest";
import type { TimeBounds } from "../../../src/ports/filters.js";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import type { SqliteStore } from "../../../src/store/sqlite/sqlite-store.js";
import { createRandom } from "../../contract/store/random-operations.js";
import { readBackward, readForward } from "../../contract/store/read-pages.js";
import { HOUR, insertSample, NOW } from "../../contract/store/sample-runs.js";

const ROUNDS = 30;
const SEARCHES = 40;

const insert = (store: SqliteStore, count: number, inserted_at: number) =>
  insertSample(store, {
    recipients: Array.from({ length: count }, (_, index) => `user-${index}`),
    run: { inserted_at },
  });

it("lists by time find all rows, also after the newest were deleted and their row numbers used again", async () => {
  const store = await openSqliteStore(":memory:");
  const random = createRandom(11);
  for (let round = 0; round < ROUNDS; round++) {
    await insert(store, 1 + random(400), NOW + (random(9) - 4) * HOUR);
    if (random(3) > 0) continue;
    const { items } = await store.listMessages({}, { limit: 1 + random(700) });
    await store.deleteMessages(items.map(({ id }) => id));
  }
  const messages = await readForward((page) => store.listMessages({}, page), 1_000);
  expect(messages.length).toBeGreaterThan(1_000);
  const at = () => NOW + (random(11) - 5) * HOUR;
  for (let search = 0; search < SEARCHES; search++) {
    const [first, last] = [at(), at()].toSorted((a, b) => a - b) as [number, number];
    const bounds = [{ gte: first }, { lte: last }, { gt: first, lt: last }, { gte: first, lte: first }][
      search % 4
    ] as TimeBounds;
    const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = bounds;
    const expected = messages
      .filter(({ inserted_at: time }) => time > gt && time >= gte && time < lt && time <= lte)
      .map(({ id }) => id);
    const list = (page: object) => store.listMessages({ inserted_at: bounds }, { limit: 70, ...page });
    expect((await readForward(list, 70)).map(({ id }) => id)).toEqual(expected);
    expect((await readBackward(list, 70)).map(({ id }) => id)).toEqual(expected);
    const runs = await readForward(
      (page) => store.listRecipientRuns({ starting_at: first, ending_at: last }, page),
      500,
    );
    expect(runs.every(({ recipientRun: { inserted_at: time } }) => time >= first && time <= last)).toBe(true);
  }
  await store.close();
});
