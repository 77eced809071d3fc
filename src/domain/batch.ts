import type { JsonObject } from "../util/json.js";
import type { FanOut } from "./fan-out.js";
import type { Message } from "./message.js";
import type { RecipientKey, RecipientUpsert } from "./recipient.js";
import type { Workflow } from "./workflow.js";
import type { RecipientRun, WorkflowRun } from "./workflow-run.js";

/** One trigger as a batch keeps it (E-080). `at` in milliseconds. */
export interface BatchActivity {
  /** The recipient run that brought it. */
  id: string;
  actor: RecipientKey | null;
  data: JsonObject;
  at: number;
}

/** What a closed batch holds; lists are cut to what any step may render. */
export interface BatchContent {
  /** The oldest and the newest activities, each oldest first, at most 100 (E-272, E-273). */
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
  fanOut: FanOut;
  /** Recipients it identifies inline. */
  upserts: RecipientUpsert[];
}

/** A run as it stands after one way of going on, with what that made. */
export interface Continuation {
  recipientRun: RecipientRun;
  messages: Message[];
  upserts: RecipientUpsert[];
  triggers: PendingTrigger[];
}

/**
 * A run at a batch step. Whether it opens the batch or joins an open one is known only where both cannot happen: in the
 * store's transaction, which picks one of the continuations (E-247, E-248).
 */
export interface BatchJoin {
  /** Who shares it: workflow and step, or version, with recipient and the step's batch key (E-243). */
  key: string;
  activity: BatchActivity;
  /** When a batch opened by this activity closes. */
  closes_at: number;
  /** Moves the close of an open batch (E-257): to `closes_at`, at most `limit_ms` after its opening. */
  sliding: { closes_at: number; limit_ms: number } | null;
  max_items: number | null;
  /** Opens the batch and goes on at once, without being part of it (E-264); null in accumulate mode. */
  leads: Continuation | null;
  /** Waits for the close and goes on with all of the batch. */
  holds: Continuation;
  /** Ends here; its activity waits with the others. */
  joined: Continuation;
}

/** Which continuation the store picked; `closed`: the batch is full or over its limit, so it falls due at once. */
export interface BatchDecision {
  took: "leads" | "holds" | "joined";
  closed: boolean;
}

export function continuationOf(join: BatchJoin, took: BatchDecision["took"]): Continuation {
  return took === "leads" ? (join.leads ?? join.holds) : took === "holds" ? join.holds : join.joined;
}
