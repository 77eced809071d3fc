import type { Workflow } from "../workflow/workflow.js";
import { shouldPassToNextItem } from "./hand-over-batch.js";
import type { ReasonCode } from "./outcome.js";
import type { RecipientRun } from "./workflow-run.js";

/** A run's part in open batches when a cancellation reaches it. */
interface OpenBatchRole {
  /** Whether an activity of the run is in an open batch. */
  isItem: boolean;
  /** Whether the run waits for the close of an open batch. */
  isHolder: boolean;
}

/**
 * The effect of a cancellation on a run:
 * - `none`: the run is unchanged; a batch that it holds still closes (E-280).
 * - `remove_item`: only the run's activity leaves the open batch (E-279).
 * - `cancel`: the run ends.
 * - `hand_over`: the activity leaves the batch, the run ends, and the next item's run waits for the close (EQ-44).
 */
type CancelEffect = "none" | "remove_item" | "cancel" | "hand_over";

/** Returns the effect of a cancellation on a run (E-279 to E-282, E-355, E-357, EQ-44). */
export function decideCancelEffect(
  run: RecipientRun,
  version: Workflow,
  { isItem, isHolder }: OpenBatchRole,
): CancelEffect {
  if (isItem && isHolder && shouldPassToNextItem(run, version)) return "hand_over";
  if (isItem) return "remove_item";
  return isHolder || run.status === "completed" || run.status === "cancelled" ? "none" : "cancel";
}

/**
 * Returns a canceled run; its waiting step is also canceled (E-356). Messages that it has created are unchanged
 * (E-363).
 */
export function cancelRun(run: RecipientRun, at: number, code: ReasonCode = "cancelled"): RecipientRun {
  const waiting = run.steps.find((step) => step.outcome === "waiting");
  return {
    ...run,
    status: "cancelled",
    position: null,
    due_at: null,
    steps: run.steps.map((step) =>
      step.outcome === "waiting"
        ? { ...step, outcome: "cancelled", reason: { code, detail: null }, until: null }
        : step,
    ),
    events: [
      ...run.events,
      {
        event: "run_cancelled",
        status: "ok",
        step_ref: waiting?.ref ?? null,
        step_type: waiting?.type ?? null,
        attempt: 1,
        data: { reason: code },
        at,
      },
    ],
    updated_at: at,
  };
}
