import { describe, expect, it } from "vitest";
import { cancelRun, decideCancelEffect } from "../../../src/domain/run/cancel-run.js";
import { shouldPassToNextItem, takeOverBatch } from "../../../src/domain/run/hand-over-batch.js";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import { batchVersion } from "../../contract/store/sample-batches.js";
import { HOUR, NOW, sampleTrigger } from "../../contract/store/sample-runs.js";

const ACCUMULATE = batchVersion();
const FLUSH_LEADING = batchVersion(true);
const UNTIL = new Date(NOW + HOUR).toISOString();

function buildRun(over: Partial<RecipientRun> = {}): RecipientRun {
  const created = sampleTrigger({ version: ACCUMULATE, recipients: ["ada"], recipientRun: over, message: null });
  return created.recipientRuns[0] as RecipientRun;
}

/** A run that waits at its batch step. */
const waiting = buildRun({
  status: "paused",
  position: [0],
  due_at: NOW + HOUR,
  steps: [{ ref: "batch_1", type: "batch", outcome: "waiting", reason: null, until: UNTIL }],
});
const joined = buildRun({
  status: "completed",
  position: null,
  due_at: null,
  steps: [{ ref: "batch_1", type: "batch", outcome: "halted", reason: { code: "batched", detail: null } }],
});
const NO_ROLE = { isItem: false, waitsForClose: false };

describe("decideCancelEffect", () => {
  it("E-355 cancels a run that has not ended", () => {
    for (const status of ["queued", "processing", "paused"] as const)
      expect(decideCancelEffect({ ...waiting, status }, ACCUMULATE, NO_ROLE)).toBe("cancel");
  });

  it("E-357 ignores a run that has ended", () => {
    for (const status of ["completed", "cancelled"] as const)
      expect(decideCancelEffect({ ...joined, status }, ACCUMULATE, NO_ROLE)).toBe("none");
  });

  it("E-279 removes the activity of a run that joined an open batch", () => {
    expect(decideCancelEffect(joined, ACCUMULATE, { isItem: true, waitsForClose: false })).toBe("remove_item");
  });

  it("E-280 removes the opener's activity, and does not end its run while the batch is open", () => {
    expect(decideCancelEffect(waiting, ACCUMULATE, { isItem: true, waitsForClose: true })).toBe("remove_item");
    expect(decideCancelEffect(waiting, ACCUMULATE, { isItem: false, waitsForClose: true })).toBe("none");
  });

  it("E-282 cancels the opener's run after the batch was closed", () => {
    expect(decideCancelEffect(waiting, ACCUMULATE, NO_ROLE)).toBe("cancel");
  });

  it("EQ-44 passes a flush_leading batch to the next item", () => {
    expect(decideCancelEffect(waiting, FLUSH_LEADING, { isItem: true, waitsForClose: true })).toBe("hand_over");
    expect(decideCancelEffect(waiting, FLUSH_LEADING, { isItem: false, waitsForClose: true })).toBe("none");
    expect(decideCancelEffect(joined, FLUSH_LEADING, { isItem: true, waitsForClose: false })).toBe("remove_item");
  });
});

describe("cancelRun", () => {
  it("E-356 ends the run and its waiting step", () => {
    expect(cancelRun(waiting, NOW + 1)).toMatchObject({
      status: "cancelled",
      position: null,
      due_at: null,
      steps: [{ ref: "batch_1", outcome: "cancelled", reason: { code: "cancelled", detail: null }, until: null }],
      updated_at: NOW + 1,
    });
  });

  it("E-009 records the cancellation at the waiting step with its reason", () => {
    const { events } = cancelRun(waiting, NOW + 1, { code: "recipient_deleted", detail: null });
    expect(events.slice(0, -1)).toEqual(waiting.events);
    expect(events.at(-1)).toMatchObject({
      event: "run_cancelled",
      step_ref: "batch_1",
      data: { reason: "recipient_deleted" },
      at: NOW + 1,
    });
  });
});

describe("takeOverBatch", () => {
  it("EQ-44 makes an ended run wait at its batch step for the close", () => {
    const run = takeOverBatch(joined, FLUSH_LEADING, NOW + HOUR, NOW + 1);
    expect(run).toMatchObject({
      status: "paused",
      position: [0],
      due_at: NOW + HOUR,
      steps: [{ ref: "batch_1", type: "batch", outcome: "waiting", reason: null, until: UNTIL }],
      updated_at: NOW + 1,
    });
    expect(run.events.at(-1)).toMatchObject({ event: "run_paused", data: { until: UNTIL, handed_over: true } });
  });

  it("EQ-44 applies to flush_leading only", () => {
    expect(shouldPassToNextItem(waiting, FLUSH_LEADING)).toBe(true);
    expect(shouldPassToNextItem(waiting, ACCUMULATE)).toBe(false);
    expect(shouldPassToNextItem(joined, FLUSH_LEADING)).toBe(false);
  });
});
