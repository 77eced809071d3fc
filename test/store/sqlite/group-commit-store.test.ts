import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../../src/ports/store.js";
import { openGroupCommitStore } from "../../../src/store/sqlite/group-commit-store.js";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import { insertSample, NOW, SINCE, sampleTrigger, user } from "../../contract/store/sample-runs.js";

let folder: string;
let store: Store;
let other: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "knock-grouped-"));
  store = await openGroupCommitStore(join(folder, "store.db"));
  other = await openSqliteStore(join(folder, "store.db"));
});

afterEach(async () => {
  await store.close();
  await other.close();
  rmSync(folder, { recursive: true, force: true });
});

const recipientsIn = async (from: Store): Promise<string[]> =>
  (await from.listRecipientRuns({}, { limit: 1_000 })).items.map(({ recipientRun }) => recipientRun.recipient).sort();

describe("triggers that share a transaction", () => {
  it("are each durable when their promise resolves", async () => {
    const names = Array.from({ length: 50 }, (_none, index) => `u${10 + index}`);
    await Promise.all(
      names.map(async (name) => {
        const { run } = await insertSample(store, { recipients: [name] });
        expect(await other.readWorkflowRun(run.id)).not.toBeNull();
      }),
    );
    expect(await recipientsIn(other)).toEqual(names.map(user).sort());
  });

  it("are not affected by another that fails", async () => {
    const broken = sampleTrigger({ recipients: ["bad", "worse"] });
    broken.messages[1] = { ...broken.messages[1]!, id: broken.messages[0]!.id };
    const results = await Promise.allSettled([
      insertSample(store, { recipients: ["ada"] }),
      store.insertWorkflowRun(broken, SINCE),
      insertSample(store, { recipients: ["bob"] }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await recipientsIn(other)).toEqual([user("ada"), user("bob")]);
  });

  it("are durable even if the store closes before their commit", async () => {
    const written = [insertSample(store, { recipients: ["ada"] }), insertSample(store, { recipients: ["bob"] })];
    await store.close();
    await Promise.all(written);
    expect(await recipientsIn(other)).toEqual([user("ada"), user("bob")]);
  });

  it("see each other: the same idempotency key starts one trigger", async () => {
    const made = ["ada", "bob"].map((name) => {
      const trigger = sampleTrigger({ recipients: [name] });
      const record = { key: "k", fingerprint: "f", workflow_run_id: trigger.run.id, inserted_at: NOW };
      return { ...trigger, idempotency: record };
    });
    const outcomes = await Promise.all(made.map((one) => store.insertWorkflowRun(one, SINCE)));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["inserted", "replay"]);
    expect(await recipientsIn(other)).toEqual([user("ada")]);
  });

  it("all fail if the transaction cannot start", async () => {
    await store.close();
    const results = await Promise.allSettled([
      insertSample(store, { recipients: ["ada"] }),
      insertSample(store, { recipients: ["bob"] }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await recipientsIn(other)).toEqual([]);
  });
});

describe("concurrent reads", () => {
  it("each return the requested recipients and no others", async () => {
    await store.upsertRecipients(
      ["ada", "bob"].map((id) => ({ key: user(id), properties: { name: id } })),
      NOW,
    );
    const asked = [["ada"], ["bob", "ada"], ["nobody"]];
    const read = await Promise.all(asked.map((names) => store.readRecipients(names.map(user))));
    expect(read.map((found) => [...found.keys()])).toEqual([[user("ada")], [user("bob"), user("ada")], []]);
    const [first] = read;
    first?.clear();
    expect(read[1]?.size).toBe(2);
  });

  it("see all earlier writes", async () => {
    const early = store.readClock();
    await other.writeClock({ offset_ms: 1_000, frozen_at: null });
    expect(await early).toMatchObject({ offset_ms: 1_000, frozen_at: null });
    await other.writeClock({ offset_ms: 2_000, frozen_at: NOW });
    expect(await store.readClock()).toMatchObject({ offset_ms: 2_000, frozen_at: NOW });
  });

  it("fail together without affecting later reads", async () => {
    await store.close();
    const results = await Promise.allSettled([
      store.readClock(),
      store.readClock(),
      store.readRecipients([user("ada")]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    store = await openGroupCommitStore(join(folder, "store.db"));
    expect(await store.readClock()).toMatchObject({ offset_ms: 0, frozen_at: null });
  });
});

describe("a group with a failing trigger", () => {
  it("leaves nothing of the first attempt, and stores each of the others once", async () => {
    const broken = sampleTrigger({ recipients: ["bad", "worse"] });
    broken.messages[1] = { ...broken.messages[1]!, id: broken.messages[0]!.id };
    const upserted = store.upsertRecipients([{ key: user("ada"), properties: { visits: 1 } }], NOW);
    const failing = store.insertWorkflowRun(broken, SINCE);
    const made = insertSample(store, { recipients: ["ada"] });
    await expect(failing).rejects.toThrow();
    await Promise.all([upserted, made]);
    expect(await recipientsIn(other)).toEqual([user("ada")]);
    expect((await other.listMessages({}, { limit: 50 })).items).toHaveLength(1);
    expect((await other.readRecipients([user("ada")])).get(user("ada"))?.properties).toEqual({ visits: 1 });
  });
});
