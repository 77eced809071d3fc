import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import type { Message } from "../message/message.js";
import type { RecipientKey, RecipientUpsert } from "../recipient/recipient.js";
import type { Workflow } from "../workflow/workflow.js";
import type { FanOutState } from "./fan-out-state.js";
import type { StepOutcome } from "./outcome.js";
import type { RecipientRun, WorkflowRun } from "./workflow-run.js";

/** A trigger that is collected in a batch (E-080). `at` is in milliseconds. */
export interface BatchActivity {
  /** The ID of the recipient run that added the activity. */
  id: string;
  actor: RecipientKey | null;
  data: JsonObject;
  at: number;
}

/** Limits the activities of a batch that a step renders (E-272). */
export const MAX_RENDERED_ACTIVITIES = 100;

/** The content of a closed batch, limited to the activities that a step can render. */
export interface BatchContent {
  /**
   * The oldest and the newest activities, each list oldest first, at most {@link MAX_RENDERED_ACTIVITIES} (E-272,
   * E-273).
   */
  first: BatchActivity[];
  last: BatchActivity[];
  /** The number of all activities that were not canceled (E-271, E-279). */
  total_activities: number;
  total_actors: number;
}

/**
 * A trigger by a step. It is accepted together with the step's run, and its recipients are fanned out later (E-315,
 * E-320).
 */
export interface PendingTrigger {
  run: WorkflowRun;
  version: Workflow;
  fanOut: FanOutState;
  /** Recipients that the trigger identifies inline. */
  upserts: RecipientUpsert[];
}

/** A recipient run after one of the ways to continue at a batch, with everything to write. */
export interface Continuation {
  recipientRun: RecipientRun;
  messages: Message[];
  upserts: RecipientUpsert[];
  triggers: PendingTrigger[];
  /** A run that continues immediately may reach another batch. */
  batch: BatchContinuations | null;
}

/**
 * A run at a batch step, with all its continuations. Only the store's transaction knows whether the run opens the batch
 * or joins an open one. There, `decideBatch` picks the continuation (E-247, E-248).
 */
export interface BatchContinuations {
  /**
   * Identifies the batch: workflow and step, or version, with the recipient and the value of the step's batch key
   * (E-243).
   */
  key: string;
  activity: BatchActivity;
  /**
   * The closing time of a batch that this activity opens; null if it is unknown. Then the run may join a batch but
   * cannot open one (E-254, E-256).
   */
  closes_at: number | null;
  /** The new closing time of an open batch with a sliding window, at most `limit_ms` after it was opened (E-257). */
  sliding: { closes_at: number; limit_ms: number } | null;
  max_items: number | null;
  /**
   * The continuation if no batch is open and the run continues immediately without being part of a batch: as the first
   * item of `flush_leading`, which opens the batch (E-264), or because the window is unknown (E-256). Otherwise null.
   */
  immediate: Continuation | null;
  /** The continuation that waits for the close and continues with the whole batch. */
  waiting: Continuation;
  /** The continuation that ends here. Its activity stays in the batch. */
  halted: Continuation;
}

/**
 * The continuation that `decideBatch` picked. `isDueNow` means that the batch is full or has reached its limit.
 */
export interface BatchDecision {
  selected: "immediate" | "waiting" | "halted";
  isDueNow: boolean;
  /** The closing time of the batch, as known now; null if none was opened. */
  closes_at: number | null;
  /** The decision about the next batch, if the run continued to one. */
  next: BatchDecision | null;
}

/** Returns the picked continuation. A run that waits for a batch which it did not open continues when that batch closes. */
export function selectContinuation(
  continuations: BatchContinuations,
  { selected, closes_at, next }: BatchDecision,
): Continuation {
  if (selected === "halted") return continuations.halted;
  if (selected === "immediate" && continuations.immediate !== null)
    return next ? mergeContinuation(continuations.immediate, next) : continuations.immediate;
  const { waiting } = continuations;
  if (closes_at === null || waiting.recipientRun.due_at === closes_at) return waiting;
  return { ...waiting, recipientRun: postponeRun(waiting.recipientRun, closes_at) };
}

/** Returns the results of an advance, or of a continuation that reached a batch, joined with those after the batch. */
export function mergeContinuation(first: Continuation, decision: BatchDecision): Continuation {
  const second = selectContinuation(first.batch as BatchContinuations, decision);
  return {
    recipientRun: second.recipientRun,
    messages: [...first.messages, ...second.messages],
    upserts: [...first.upserts, ...second.upserts],
    triggers: [...first.triggers, ...second.triggers],
    batch: null,
  };
}

/** Returns the steps with the `until` of the waiting step set to the run's due time. */
export function setWaitingUntil(steps: readonly StepOutcome[], dueAt: number): StepOutcome[] {
  return steps.map((step) => (step.outcome === "waiting" ? { ...step, until: toIsoTime(dueAt) } : step));
}

function postponeRun(run: RecipientRun, dueAt: number): RecipientRun {
  const until = toIsoTime(dueAt);
  const last = run.events.at(-1);
  const events = last ? [...run.events.slice(0, -1), { ...last, data: { ...last.data, until } }] : [];
  return { ...run, due_at: dueAt, steps: setWaitingUntil(run.steps, dueAt), events };
}
