import { expect, it } from "vitest";
import type { EngineContext } from "../../../src/engine/context/engine-context.js";
import { pruneRuns } from "../../../src/engine/resources/run-operations.js";
import type { PruneRequest, PruneResult } from "../../../src/ports/prune-store.js";
import { DAY, T0 } from "../../helpers/case-times.js";

interface Pruned {
  requests: PruneRequest[];
  warnings: string[];
  progress: number[];
  report: Awaited<ReturnType<typeof pruneRuns>>;
}

/** Prunes a store that answers requests with `results`, and then without rows. */
async function prune(results: Partial<PruneResult>[], abortAfter = Number.POSITIVE_INFINITY): Promise<Pruned> {
  const requests: PruneRequest[] = [];
  const warnings: string[] = [];
  const progress: number[] = [];
  const abort = new AbortController();
  const context = {
    store: {
      readClock: async () => ({ offset_ms: 0, frozen_at: T0, real_now: T0 }),
      prune: async (request: PruneRequest): Promise<PruneResult> => {
        requests.push(request);
        if (requests.length >= abortAfter) abort.abort();
        return { counts: {}, next: null, ...results[requests.length - 1] };
      },
    },
  } as unknown as EngineContext;
  const report = await pruneRuns(context, {
    olderThanMs: 2 * DAY,
    isDryRun: true,
    signal: abort.signal,
    onProgress: ({ messages }) => progress.push(messages),
    onWarning: (text) => warnings.push(text),
  });
  return { requests, warnings, progress, report };
}

it("examines each table from its start until no row is left, and adds up what was deleted", async () => {
  const { requests, warnings, progress, report } = await prune([
    { counts: { partitions: 2 }, warning: "row by row" },
    { counts: { recipient_runs: 3, messages: 5 }, next: 1_000 },
    { counts: { recipient_runs: 1, messages: 2 } },
  ]);
  const more = { before: T0 - 2 * DAY, limit: 1_000, isDryRun: true };
  expect(requests).toEqual([
    { table: "partitions", after: 0, ...more },
    { table: "recipient_runs", after: 0, ...more },
    { table: "recipient_runs", after: 1_000, ...more },
    { table: "workflow_runs", after: 0, ...more },
    { table: "idempotency_keys", after: 0, ...more },
    { table: "throttles", after: 0, ...more },
  ]);
  expect(warnings).toEqual(["row by row"]);
  expect(progress).toEqual([0, 5, 7, 7, 7, 7]);
  expect(report).toMatchObject({ before: T0 - 2 * DAY, partitions: 2, recipient_runs: 4, messages: 7 });
});

it("ends after the current transaction when it is interrupted", async () => {
  const { requests } = await prune([{ counts: {}, next: 1 }], 1);
  expect(requests).toHaveLength(1);
});
