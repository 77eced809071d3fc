import type { BatchContinuations, BatchDecision, Continuation } from "../../../src/domain/run/batch-continuations.js";
import type { RecipientRun, WorkflowRun } from "../../../src/domain/run/workflow-run.js";
import type { Workflow } from "../../../src/domain/workflow/workflow.js";
import type { Store } from "../../../src/ports/store.js";
import type { JsonObject } from "../../../src/util/json.js";
import { HOUR, NOW, SINCE, sampleMessage, sampleTrigger, sampleVersion, user } from "./sample-runs.js";

export interface SampleJoin {
  key?: string;
  /** The time of the activity. `closes_at` is when a batch that it opens closes. */
  at?: number;
  closes_at?: number | null;
  sliding?: BatchContinuations["sliding"];
  max_items?: number | null;
  /** Whether the mode is `flush_leading`, in which the opener's run continues at once. */
  leading?: boolean;
  data?: JsonObject;
  actor?: string | null;
  recipient?: string;
  cancellation_key?: string;
}

export function batchVersion(leading = false): Workflow {
  return sampleVersion(leading ? "leading-digest" : "digest", {
    steps: [
      {
        type: "batch",
        ref: "batch_1",
        name: null,
        conditions: null,
        settings: {
          batch_key: null,
          batch_window: { unit: "hours", value: 1 },
          batch_until_field_path: null,
          batch_window_type: "fixed",
          batch_window_extension_limit: null,
          batch_items_max_limit: null,
          batch_items_render_limit: 10,
          batch_order: "asc",
          batch_execution_mode: leading ? "flush_leading" : "accumulate",
          workflow_version_mode: "latest",
        },
      },
    ],
  });
}

function continuation(run: RecipientRun, over: Partial<RecipientRun>, more: Partial<Continuation> = {}): Continuation {
  return { recipientRun: { ...run, ...over }, messages: [], upserts: [], triggers: [], batch: null, ...more };
}

/** Returns a run at its batch step with its possible continuations. */
export function batchJoin(trigger: WorkflowRun, run: RecipientRun, sample: SampleJoin): BatchContinuations {
  const { at = NOW, closes_at = at + HOUR } = sample;
  const step = { ref: "batch_1", type: "batch", reason: null };
  const waits = closes_at ?? at;
  const until = new Date(waits).toISOString();
  const ended = { status: "completed", position: null, due_at: null } as const;
  const passed: Partial<RecipientRun> = { ...ended, steps: [{ ...step, outcome: "passed" }] };
  const paused = { ...run.events[0], event: "run_paused", data: { until } } as RecipientRun["events"][number];
  return {
    key: sample.key ?? "k",
    activity: {
      id: run.id,
      actor: sample.actor ? user(sample.actor) : null,
      data: sample.data ?? {},
      at,
    },
    closes_at,
    sliding: sample.sliding ?? null,
    max_items: sample.max_items ?? null,
    immediate:
      sample.leading || closes_at === null
        ? continuation(run, passed, { messages: [sampleMessage(trigger, run)] })
        : null,
    waiting: continuation(run, {
      status: "paused",
      position: [0],
      due_at: waits,
      steps: [{ ...step, outcome: "waiting", until }],
      events: [...run.events, paused],
    }),
    halted: continuation(run, {
      ...ended,
      steps: [{ ...step, outcome: "halted", reason: { code: "batched", detail: null } }],
    }),
  };
}

/** Inserts a trigger for one recipient whose first step is a batch. */
export async function joinSample(
  store: Store,
  sample: SampleJoin = {},
): Promise<{ run: RecipientRun; trigger: WorkflowRun; decision: BatchDecision | undefined }> {
  const at = sample.at ?? NOW;
  const newRun = sampleTrigger({
    version: batchVersion(sample.leading),
    recipients: [sample.recipient ?? "ada"],
    run: { inserted_at: at, cancellation_key: sample.cancellation_key ?? null, data: sample.data ?? {} },
    recipientRun: { error_count: 0 },
    message: null,
  });
  const run = newRun.recipientRuns[0] as RecipientRun;
  const inserted = await store.insertWorkflowRun(
    { ...newRun, batches: new Map([[run.id, batchJoin(newRun.run, run, sample)]]) },
    SINCE,
  );
  if (inserted.outcome !== "inserted") throw new Error(`not inserted: ${inserted.outcome}`);
  return { run, trigger: newRun.run, decision: inserted.batchDecisions.get(run.id) };
}
