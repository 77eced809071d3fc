import { afterEach, beforeEach, expect, it } from "vitest";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import type { SqliteStore } from "../../../src/store/sqlite/sqlite-store.js";
import { getProcessIdentity } from "../../../src/util/process-identity.js";
import { claimAt } from "../../contract/store/due-work-contract.js";
import { insertSample, NOW, waitingAt } from "../../contract/store/sample-runs.js";

/** The identity of a process that has ended: this one with an ID above all that Linux gives. */
const DEAD = String(getProcessIdentity()).replace(/^\d+/, "99999999");

let store: SqliteStore;
beforeEach(async () => {
  store = await openSqliteStore(":memory:", { now: () => NOW });
});
afterEach(() => store.close());

it("releases runs and messages that a dead process has claimed, and nothing else", async () => {
  await insertSample(store, {
    recipients: ["ada", "grace", "alan"],
    recipientRun: waitingAt(NOW),
    message: { due_at: NOW, status: "queued" },
  });
  const dead = await store.claimDueRuns(claimAt(NOW, `${DEAD}:t1`), 1);
  await store.claimDueRuns(claimAt(NOW, `${getProcessIdentity()}:t2`), 1);
  const messages = await store.claimDueMessages(claimAt(NOW, `${DEAD}:t3`), 10);
  expect(await store.releaseDeadClaims(NOW)).toBe(true);
  const again = await store.claimDueRuns(claimAt(NOW, "t4"), 10);
  expect(again.map(({ recipientRun }) => recipientRun.recipient)).toEqual(["$users/ada", "$users/alan"]);
  expect(dead.map(({ recipientRun }) => recipientRun.recipient)).toEqual(["$users/ada"]);
  expect((await store.claimDueMessages(claimAt(NOW, "t5"), 10)).map(({ id }) => id)).toEqual(
    messages.map(({ id }) => id),
  );
  expect(await store.releaseDeadClaims(NOW)).toBe(false);
});

it("gives the webhook events of a dead process to another one at once, and those of a running process when its lease ends", async () => {
  const { outbound } = await store.openLogs();
  expect(await outbound.acquire(`${DEAD}:t1`, 30_000)).toBe(true);
  expect(await outbound.acquire(`${getProcessIdentity()}:t2`, 30_000)).toBe(true);
  expect(await outbound.acquire(`${getProcessIdentity()}:t3`, 30_000)).toBe(false);
});
