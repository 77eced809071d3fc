import { describe, expect, it } from "vitest";
import { NOW, user } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

export function describeChanges(open: OpenStore): void {
  describe("the change token", () => {
    const change = (name: string) => [{ key: user("ada"), properties: { name } }];

    it("stays the same without writes and changes after each write of any process", async () => {
      const { store } = open;
      const other = await open.openAgain();
      const isSameAfterReads = async () => {
        const token = await store.readChangeToken();
        await store.readRecipients([user("ada")]);
        await store.listMessages({}, { limit: 5 });
        return (await store.readChangeToken()) === token;
      };
      // The database's own transactions, for example of a vacuum, change it in between.
      await expect.poll(isSameAfterReads).toBe(true);
      const tokens = [await store.readChangeToken()];
      await store.upsertRecipients(change("Ada"), NOW);
      tokens.push(await store.readChangeToken());
      await other.upsertRecipients(change("Ada L."), NOW);
      tokens.push(await store.readChangeToken());
      await other.writeClock({ offset_ms: 1, frozen_at: null });
      tokens.push(await store.readChangeToken());
      await store.clear({ keepRecipients: false });
      tokens.push(await store.readChangeToken());
      expect(new Set(tokens).size).toBe(tokens.length);
      await expect.poll(isSameAfterReads).toBe(true);
    });
  });

  it("is checked for writes without a change of its rows", async () => {
    const { store } = open;
    await store.upsertRecipients([{ key: user("ada"), properties: { name: "Ada" } }], NOW);
    const readAll = async () => [await store.readRecipients([user("ada")]), await store.readClock()];
    const before = await readAll();
    await Promise.all([store.checkWritable(), store.checkWritable()]);
    expect(await readAll()).toEqual(before);
  });
}
