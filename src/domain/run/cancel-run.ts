import type { Workflow } from "../workflow/workflow.js";
import { shouldPassToNextItem } from "./hand-over-batch.js";
import type { Reason } from "./outcome.js";
import type { RecipientRun } from "./workflow-run.js";

/** A run's part in open batches when a cancellation reaches it. */
interface OpenBatchRole {
  /** Whether an activity of the run is in an open batch. */
  isItem: boolean;
  /** Whether the run waits for the close of an open batch. */
  waitsForClose: boolean;
}

/**
 * The effect of a cancellation on a run:
 * - `none`: the run is unchanged; a batch that it waits for still closes (E-280).
 * - `remove_item`: only the run's activity leaves the open batch (E-279).
 * - `cancel`: the run ends.
 * - `hand_over`: the activity leaves the batch, the run ends, and the next item's run waits for the close (EQ-44).
 */
type CancelEffect = "none" | "remove_item" | "cancel" | "hand_over";

/** Returns the effect of a cancellation on a run (E-279 to E-282, E-355, E-357, EQ-44). */
export function decideCancelEffect(
  run: RecipientRun,
  version: Workflow,
  { isItem, waitsForClose }: OpenBatchRole,
): CancelEffect {
  if (isItem && waitsForClose && shouldPassToNextItem(run, version)) return "hand_over";
  if (isItem) return "remove_item";
  return waitsForClose || run.status === "completed" || run.status === "cancelled" ? "none" : "cancel";
}

const CANCELLED: Reason = { code: "cancelled", detail: null };

/** The events of a cancellation by a request or a deletion, and by the engine, which halts the run first (EQ-04). */
const REQUESTED_EVENTS = ["run_cancelled"] as const;
export const HALTED_EVENTS = ["run_halted", "run_cancelled"] as const;

/** The event of a run whose activity a cancellation removed from an open batch (E-279). */
export const LEFT_BATCH_EVENT = "batch_left";

/** Returns a run whose activity a cancellation removed from an open batch. Otherwise it stays as it is. */
export function leaveBatch(run: RecipientRun, at: number): RecipientRun {
  const { ref = null, type = null } = run.steps.at(-1) ?? {};
  const event = { event: LEFT_BATCH_EVENT, status: "ok" as const, step_ref: ref, step_type: type };
  const left = { ...event, attempt: 1, data: { reason: CANCELLED.code }, at };
  return { ...run, events: [...run.events, left], updated_at: at };
}

/**
 * Returns a canceled run; its waiting step is also canceled (E-356, EQ-03). Messages that it has created are unchanged
 * (E-363).
 */
export function cancelRun(
  run: RecipientRun,
  at: number,
  reason: Reason = CANCELLED,
  names: readonly string[] = REQUESTED_EVENTS,
): RecipientRun {
  const waiting = run.steps.find((step) => step.outcome === "waiting");
  const events = names.map((event) => ({
    event,
    status: "ok" as const,
    step_ref: waiting?.ref ?? null,
    step_type: waiting?.type ?? null,
    attempt: 1,
    data: { reason: reason.code },
    at,
  }));
  return {
    ...run,
    status: "cancelled",
    position: null,
    due_at: null,
    ...(run.wait ? { wait: null } : {}),
    steps: run.steps.map((step) => (step === waiting ? { ...step, outcome: "cancelled", reason, until: null } : step)),
    events: [...run.events, ...events],
    updated_at: at,
  };
}
