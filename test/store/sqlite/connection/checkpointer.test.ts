import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Checkpointer } from "../../../../src/store/sqlite/connection/checkpointer.js";
import { openGroupCommitStore } from "../../../../src/store/sqlite/group-commit-store.js";
import { openSqliteStore } from "../../../../src/store/sqlite/open-sqlite-store.js";
import { insertSample } from "../../../contract/store/sample-runs.js";
import { WAIT_OPTIONS } from "../../../helpers/eventually.js";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "knock-checkpoint-"));
  file = join(folder, "store.db");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The threads that the test has started. One that has ended has the ID -1. */
let threads: Worker[];
const recordThread = (thread: Worker): void => {
  threads.push(thread);
};

beforeEach(() => {
  threads = [];
  process.on("worker", recordThread);
});

afterEach(() => {
  process.off("worker", recordThread);
});

describe("the log of a store with many writes", () => {
  it("is moved into the file while the store is open, without loss", async () => {
    const store = await openGroupCommitStore(file);
    const names = Array.from({ length: 100 }, (_none, index) => `u${100 + index}`);
    for (const name of names) await insertSample(store, { recipients: [name] });
    // Each transaction changes a few pages, far fewer than the number at which SQLite would checkpoint by itself.
    await vi.waitFor(() => expect(statSync(file).size).toBeGreaterThan(100_000), WAIT_OPTIONS);
    for (const name of ["late", "later"]) await insertSample(store, { recipients: [name] });
    await store.close();
    expect(existsSync(`${file}-wal`) ? statSync(`${file}-wal`).size : 0).toBe(0);

    const again = await openSqliteStore(file);
    expect((await again.listRecipientRuns({}, { limit: 500 })).items).toHaveLength(102);
    await again.close();
  });

  it("a thread that cannot open the store ends and blocks no one", async () => {
    const checkpointer = new Checkpointer(join(folder, "missing", "store.db"));
    for (let commits = 0; commits < 40; commits++) checkpointer.recordCommit();
    await vi.waitFor(() => expect(threads).toHaveLength(1), WAIT_OPTIONS);
    await vi.waitFor(() => expect(threads[0]?.threadId).toBe(-1), WAIT_OPTIONS);
    for (let commits = 0; commits < 100; commits++) checkpointer.recordCommit(); // no further attempts
    await checkpointer.close();
    expect(threads).toHaveLength(1);
  });

  it("a store with few commits starts no thread", async () => {
    const store = await openGroupCommitStore(file);
    await insertSample(store, { recipients: ["ada"] });
    await store.close();
    expect(threads).toEqual([]);
  });
});
