import { describe, expect, it } from "vitest";
import type { BatchContinuations } from "../../../src/domain/run/batch-continuations.js";
import { decideBatch, type OpenBatch } from "../../../src/domain/run/decide-batch.js";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import { batchJoin, batchVersion, type SampleJoin } from "../../contract/store/sample-batches.js";
import { HOUR, NOW, sampleTrigger } from "../../contract/store/sample-runs.js";

const MINUTE = 60_000;

function join(sample: SampleJoin = {}): BatchContinuations {
  const created = sampleTrigger({ version: batchVersion(sample.leading), recipients: ["ada"], message: null });
  return batchJoin(created.run, created.recipientRuns[0] as RecipientRun, sample);
}

/** A batch that run 1 opened at `NOW` for an hour. */
function openBatch(over: Partial<OpenBatch> = {}): OpenBatch {
  return { opened_at: NOW, closes_at: NOW + HOUR, waiting_run: 1, items: 1, ...over };
}

function decide(sample: SampleJoin, open: OpenBatch | null, now = sample.at ?? NOW) {
  return decideBatch(join(sample), () => open, now);
}

describe("decideBatch", () => {
  it("E-247 opens a batch if none is open, and the run waits for its close", () => {
    const { decision, continuation, changes } = decide({ data: { n: 1 } }, null);
    expect(decision).toEqual({ selected: "waiting", isDueNow: false, closes_at: NOW + HOUR, next: null });
    expect(continuation.recipientRun).toMatchObject({ status: "paused", due_at: NOW + HOUR });
    expect(changes).toEqual([
      {
        key: "k",
        expiredBatch: null,
        joinedBatch: null,
        closes_at: NOW + HOUR,
        items: 1,
        activity: expect.objectContaining({ data: { n: 1 }, at: NOW }),
        waitsForClose: true,
        postponesWaitingRun: false,
      },
    ]);
  });

  it("E-248 joins the open batch and ends the run", () => {
    const open = openBatch();
    const { decision, continuation, changes } = decide({ at: NOW + 1 }, open);
    expect(decision).toMatchObject({ selected: "halted", isDueNow: false, closes_at: NOW + HOUR });
    expect(continuation.recipientRun).toMatchObject({ status: "completed", steps: [{ outcome: "halted" }] });
    expect(changes).toMatchObject([{ joinedBatch: open, items: 2, waitsForClose: false, postponesWaitingRun: false }]);
  });

  it("E-243 searches only the batch of its key", () => {
    const requestedKeys: string[] = [];
    decideBatch(
      join({ key: "other" }),
      (key) => {
        requestedKeys.push(key);
        return null;
      },
      NOW,
    );
    expect(requestedKeys).toEqual(["other"]);
  });

  it("E-261 EQ-43 closes a batch at its closing time and opens a new one", () => {
    const open = openBatch();
    const { decision, changes } = decide({ at: NOW + HOUR }, open);
    expect(decision).toMatchObject({ selected: "waiting", closes_at: NOW + 2 * HOUR });
    expect(changes).toMatchObject([{ expiredBatch: open, joinedBatch: null, items: 1 }]);
    expect(decide({ at: NOW + HOUR - 1 }, open).decision.selected).toBe("halted");
  });

  it("E-253 keeps the closing time of a fixed window", () => {
    expect(decide({ at: NOW + MINUTE, closes_at: NOW + 9 * HOUR }, openBatch()).decision.closes_at).toBe(NOW + HOUR);
  });

  it("E-257 extends a sliding window, and the wait of its run", () => {
    const at = NOW + 30 * MINUTE;
    const { changes } = decide({ at, sliding: { closes_at: at + HOUR, limit_ms: 2 * HOUR } }, openBatch());
    expect(changes).toMatchObject([{ closes_at: at + HOUR, postponesWaitingRun: true }]);
  });

  it("E-257 extends a sliding window only up to its opening plus the limit", () => {
    const at = NOW + 50 * MINUTE;
    const { decision } = decide({ at, sliding: { closes_at: at + HOUR, limit_ms: 90 * MINUTE } }, openBatch());
    expect(decision.closes_at).toBe(NOW + 90 * MINUTE);
  });

  it("E-259 closes at once if the limit has passed, and never before now", () => {
    const open = openBatch({ closes_at: NOW + 9 * HOUR });
    const at = NOW + 2 * HOUR;
    const { decision } = decide({ at, sliding: { closes_at: at + HOUR, limit_ms: HOUR } }, open);
    expect(decision).toMatchObject({ isDueNow: true, closes_at: at });
  });

  it.each([
    [1, false],
    [2, true],
    [3, true],
  ])("E-260 decides with %d items and a limit of 3: due now: %s", (items, isDueNow) => {
    const { decision } = decide({ at: NOW + 1, max_items: 3 }, openBatch({ items }));
    expect(decision).toMatchObject({ selected: "halted", isDueNow, closes_at: isDueNow ? NOW + 1 : NOW + HOUR });
  });

  it("E-264 lets a leading item open the batch without adding it", () => {
    const { decision, continuation, changes } = decide({ leading: true }, null);
    expect(decision).toEqual({ selected: "immediate", isDueNow: false, closes_at: NOW + HOUR, next: null });
    expect(continuation.messages).toHaveLength(1);
    expect(changes).toMatchObject([{ closes_at: NOW + HOUR, items: 0, activity: null, waitsForClose: false }]);
  });

  it("E-265 makes the next run wait for a batch that no run waits for, until the batch's own close", () => {
    const { decision, continuation, changes } = decide(
      { leading: true, at: NOW + MINUTE },
      openBatch({ waiting_run: null, items: 0 }),
    );
    expect(decision.selected).toBe("waiting");
    expect(continuation.recipientRun.due_at).toBe(NOW + HOUR);
    expect(changes).toMatchObject([{ items: 1, waitsForClose: true, postponesWaitingRun: false }]);
  });

  it("E-256 opens no batch for a run without a valid window, and lets it join one", () => {
    const alone = decide({ closes_at: null }, null);
    expect(alone.decision).toEqual({ selected: "immediate", isDueNow: false, closes_at: null, next: null });
    expect(alone.changes).toMatchObject([{ closes_at: null, activity: null, waitsForClose: false }]);
    expect(decide({ closes_at: null }, openBatch()).decision.selected).toBe("halted");
  });

  it("E-264 decides the next batch of a run that continues to one", () => {
    const first = join({ key: "first", leading: true });
    const next = join({ key: "next", data: { n: 2 } });
    const open = openBatch();
    const batch = { ...first, immediate: { ...(first.immediate as NonNullable<typeof first.immediate>), batch: next } };
    const { decision, continuation, changes } = decideBatch(batch, (key) => (key === "next" ? open : null), NOW);
    expect(decision).toMatchObject({ selected: "immediate", next: { selected: "halted", closes_at: NOW + HOUR } });
    expect(continuation.recipientRun.status).toBe("completed");
    expect(changes).toMatchObject([
      { key: "first", joinedBatch: null, activity: null },
      { key: "next", joinedBatch: open, activity: { data: { n: 2 } } },
    ]);
  });
});
