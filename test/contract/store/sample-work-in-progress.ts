import { expect } from "vitest";
import type { NewSourceEvent } from "../../../src/domain/trigger/source-receipt.js";
import type { Store } from "../../../src/ports/store.js";
import { claimAt } from "./due-work-contract.js";
import { joinSample } from "./sample-batches.js";
import { HOUR, NOW, user } from "./sample-runs.js";

const WEBHOOK_LEASE_MS = 60_000;

/** Returns an event with the key of the one in progress. */
const createEvent = (id: string): NewSourceEvent => ({
  id,
  source: "shop",
  event_type: "paid",
  timestamp: new Date(NOW).toISOString(),
  received_at: new Date(NOW).toISOString(),
  user_id: null,
  idempotency_key: "k1",
  error: null,
});

/** Leaves an open batch, a source event that a process handles, and webhooks that it reads. Closes the store. */
export async function startWork(store: Store): Promise<void> {
  await joinSample(store, { recipient: "ada", data: { n: 1 } });
  const { sources, outbound } = await store.openLogs();
  await sources.begin(createEvent("event-1"), NOW);
  await outbound.acquire("process-1", WEBHOOK_LEASE_MS);
  await store.close();
}

/** Checks that the work of `startWork` continues in a store. */
export async function expectToContinueWork(store: Store): Promise<void> {
  const { sources, outbound } = await store.openLogs();
  expect(await sources.begin(createEvent("event-2"), NOW)).toBe(false);
  await sources.finish("event-1", [], false);
  expect(await sources.begin(createEvent("event-3"), NOW)).toBe(true);

  expect(await outbound.acquire("process-1", WEBHOOK_LEASE_MS)).toBe(true);
  await outbound.release("process-1");

  const joined = await joinSample(store, { recipient: "ada", data: { n: 2 }, at: NOW + 1 });
  expect(joined.decision).toMatchObject({ selected: "halted", closes_at: NOW + HOUR });
  const [claimed, ...others] = await store.claimDueRuns(claimAt(NOW + HOUR, "t"), 10);
  expect(others).toEqual([]);
  expect(claimed?.recipientRun.recipient).toBe(user("ada"));
  expect(claimed?.batch?.first.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }]);
}
