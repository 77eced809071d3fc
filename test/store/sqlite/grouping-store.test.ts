import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../../src/ports/store.js";
import { openGroupingStore } from "../../../src/store/sqlite/grouping-store.js";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import { insertSample, NOW, SINCE, sampleTrigger, user } from "../../contract/store/sample-runs.js";

let folder: string;
let store: Store;
let other: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "knock-grouped-"));
  store = await openGroupingStore(join(folder, "store.db"));
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
  it("are each on the disk when they are answered", async () => {
    const names = Array.from({ length: 50 }, (_none, index) => `u${10 + index}`);
    await Promise.all(
      names.map(async (name) => {
        const { run } = await insertSample(store, { recipients: [name] });
        expect(await other.readWorkflowRun(run.id)).not.toBeNull();
      }),
    );
    expect(await recipientsIn(other)).toEqual(names.map(user).sort());
  });

  it("none takes another with it when it fails", async () => {
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

  it("see each other: the same idempotency key is one trigger", async () => {
    const made = ["ada", "bob"].map((name) => {
      const trigger = sampleTrigger({ recipients: [name] });
      const record = { key: "k", fingerprint: "f", workflow_run_id: trigger.run.id, inserted_at: NOW };
      return { ...trigger, idempotency: record };
    });
    const outcomes = await Promise.all(made.map((one) => store.insertWorkflowRun(one, SINCE)));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["inserted", "replay"]);
    expect(await recipientsIn(other)).toEqual([user("ada")]);
  });

  it("all fail where the transaction cannot be had", async () => {
    await store.close();
    const results = await Promise.allSettled([
      insertSample(store, { recipients: ["ada"] }),
      insertSample(store, { recipients: ["bob"] }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await recipientsIn(other)).toEqual([]);
  });
});
