import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import type { Message } from "../message/message.js";
import type { RecipientKey, RecipientUpsert } from "../recipient/recipient.js";
import type { Workflow } from "../workflow/workflow.js";
import type { FanOutState } from "./fan-out-state.js";
import type { StepOutcome } from "./outcome.js";
import type { RecipientRun, WorkflowRun } from "./workflow-run.js";

/** One trigger as a batch keeps it (E-080). `at` in milliseconds. */
export interface BatchActivity {
  /** The recipient run that brought it. */
  id: string;
  actor: RecipientKey | null;
  data: JsonObject;
  at: number;
}

/** No step renders more activities of a batch (E-272). */
export const MAX_RENDERED_ACTIVITIES = 100;

/** What a closed batch holds; lists are cut to what any step may render. */
export interface BatchContent {
  /** The oldest and the newest activities, each oldest first, at most {@link MAX_RENDERED_ACTIVITIES} (E-272, E-273). */
  first: BatchActivity[];
  last: BatchActivity[];
  /** All that were not cancelled (E-271, E-279). */
  total_activities: number;
  total_actors: number;
}

/** A trigger that a step made: accepted with the step's run, its recipients fanned out after (E-315, E-320). */
export interface PendingTrigger {
  run: WorkflowRun;
  version: Workflow;
  fanOut: FanOutState;
  /** Recipients it identifies inline. */
  upserts: RecipientUpsert[];
}

/** A run as it stands after one way of going on, with what that made. */
export interface Continuation {
  recipientRun: RecipientRun;
  messages: Message[];
  upserts: RecipientUpsert[];
  triggers: PendingTrigger[];
  /** A run that goes on at once may come to the next batch. */
  batch: BatchJoin | null;
}

/**
 * A run at a batch step. Whether it opens the batch or joins an open one is known only in the store's transaction: there,
 * `decideBatch` picks one of the continuations (E-247, E-248).
 */
export interface BatchJoin {
  /** Who shares it: workflow and step, or version, with recipient and the step's batch key (E-243). */
  key: string;
  activity: BatchActivity;
  /** When a batch opened by this activity closes; null where that cannot be told: it may join one, and opens none (E-254, E-256). */
  closes_at: number | null;
  /** Moves the close of an open batch (E-257): to `closes_at`, at most `limit_ms` after its opening. */
  sliding: { closes_at: number; limit_ms: number } | null;
  max_items: number | null;
  /**
   * With no batch open, goes on at once without being part of one: as the first item of `flush_leading`, which opens the
   * batch (E-264), or because no window can be told (E-256). Else null.
   */
  leads: Continuation | null;
  /** Waits for the close and goes on with all of the batch. */
  holds: Continuation;
  /** Ends here; its activity waits with the others. */
  joined: Continuation;
}

/** Which continuation `decideBatch` picked; `closed`: the batch is full or over its limit, so it falls due at once. */
export interface BatchDecision {
  took: "leads" | "holds" | "joined";
  closed: boolean;
  /** When the batch closes, as things stand; null where none was opened. */
  closes_at: number | null;
  /** Of the next batch, where the run went on to one. */
  next: BatchDecision | null;
}

/** Returns the continuation that was picked. A run that holds a batch which it did not open waits for that one's close. */
export function selectContinuation(join: BatchJoin, { took, closes_at, next }: BatchDecision): Continuation {
  if (took === "joined") return join.joined;
  if (took === "leads" && join.leads !== null) return next ? mergeContinuation(join.leads, next) : join.leads;
  const { holds } = join;
  if (closes_at === null || holds.recipientRun.due_at === closes_at) return holds;
  return { ...holds, recipientRun: postponeRun(holds.recipientRun, closes_at) };
}

/** Returns what an advance or a continuation that came to a batch made up to there and after. */
export function mergeContinuation(first: Continuation, decision: BatchDecision): Continuation {
  const then = selectContinuation(first.batch as BatchJoin, decision);
  return {
    recipientRun: then.recipientRun,
    messages: [...first.messages, ...then.messages],
    upserts: [...first.upserts, ...then.upserts],
    triggers: [...first.triggers, ...then.triggers],
    batch: null,
  };
}

/** A waiting step's `until` follows its run's due time. */
export function setWaitingUntil(steps: readonly StepOutcome[], dueAt: number): StepOutcome[] {
  return steps.map((step) => (step.outcome === "waiting" ? { ...step, until: toIsoTime(dueAt) } : step));
}

function postponeRun(run: RecipientRun, dueAt: number): RecipientRun {
  const until = toIsoTime(dueAt);
  const last = run.events.at(-1);
  const events = last ? [...run.events.slice(0, -1), { ...last, data: { ...last.data, until } }] : [];
  return { ...run, due_at: dueAt, steps: setWaitingUntil(run.steps, dueAt), events };
}
