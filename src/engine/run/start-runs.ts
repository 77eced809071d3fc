import type { Environment } from "../../domain/environment/environment.js";
import type { Message } from "../../domain/message/message.js";
import { type Recipient, type RecipientKey, toGid } from "../../domain/recipient/recipient.js";
import type { Subscription } from "../../domain/recipient/subscription.js";
import {
  type BatchContinuations,
  type BatchDecision,
  mergeContinuation,
  selectContinuation,
} from "../../domain/run/batch-continuations.js";
import { cancelRun } from "../../domain/run/cancel-run.js";
import { failRun } from "../../domain/run/fail-run.js";
import type { Reason } from "../../domain/run/outcome.js";
import { createWorkflowRun, type RecipientRun, type WorkflowRun } from "../../domain/run/workflow-run.js";
import type { Schedule } from "../../domain/trigger/schedule.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { ThrottleAssumption } from "../../ports/run-store.js";
import type { FrequencyRecord, NewWorkflowRun, StartedRuns } from "../../ports/trigger-store.js";
import { createUuidV5 } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import { buildParties, type EngineContext, readRunRecipients, type StartStore } from "../context/engine-context.js";
import { readLinkKey } from "../context/read-link-key.js";
import { type AdvanceInput, buildAdvanceInput } from "../execution/advance-input.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { type Advance, createRunOnlyAdvance } from "./advance.js";
import { advanceMany } from "./advance-many.js";

/** The common input for the first advances of a trigger's runs. */
export interface RunStart {
  run: WorkflowRun;
  compiled: CompiledWorkflow;
  environment: Environment;
  now: number;
  /** The schedule whose occurrence the run is. */
  schedule?: Schedule;
  /** Ends the runs as failed before their first step. */
  failure?: Reason | undefined;
}

/** Receives a first advance that was saved, with its workflow run. */
export type ReportStart = (run: WorkflowRun, advance: Advance) => void;

/** A recipient of a trigger, either listed or reached through a subscription. */
export interface ReachedRecipient {
  key: RecipientKey;
  trigger_data: JsonObject | null;
  via: Subscription | null;
  /** Whether the trigger was canceled for the recipient, whose run then ends before its first step. */
  isCanceled?: boolean;
}

/** The first advances of the runs of a trigger, in memory. */
export interface FirstAdvances extends StartedRuns {
  batches: Map<string, BatchContinuations>;
  advances: Advance[];
}

/** Returns the rows of runs that no request and no fan-out started. */
export function toNewWorkflowRun(
  run: WorkflowRun,
  version: Workflow,
  { advances: _advances, ...rows }: FirstAdvances,
): NewWorkflowRun {
  return { ...rows, run, version, idempotency: null, fanOut: null };
}

/** Returns the runs and messages with the store's decisions for those at a batch applied. */
export function applyBatchDecisions(
  { recipientRuns, messages, batches }: FirstAdvances,
  batchDecisions: ReadonlyMap<string, BatchDecision>,
): { recipientRuns: RecipientRun[]; messages: Message[] } {
  if (batchDecisions.size === 0) return { recipientRuns, messages };
  const runs: RecipientRun[] = [];
  const allMessages = [...messages];
  for (const run of recipientRuns) {
    const join = batches.get(run.id);
    const decision = batchDecisions.get(run.id);
    const continuation = join && decision ? selectContinuation(join, decision) : null;
    runs.push(continuation?.recipientRun ?? run);
    if (continuation) for (const message of continuation.messages) allMessages.push(message);
  }
  return { recipientRuns: runs, messages: allMessages };
}

/** Returns an advance with the continuation that the store picked at its batch. */
export function applyBatchDecision(advance: Advance, batchDecisions: ReadonlyMap<string, BatchDecision>): Advance {
  const decision = batchDecisions.get(advance.recipientRun.id);
  if (advance.batch === null || decision === undefined) return advance;
  return { ...advance, ...mergeContinuation(advance, decision) };
}

/** Builds the record of a recipient on a once-only workflow (E-068), or null if every trigger runs. */
function buildFrequencyRecord(workflow: Workflow, run: WorkflowRun, recipient: RecipientKey): FrequencyRecord | null {
  // A test run neither checks nor uses up the workflow (E-069).
  if (workflow.trigger_frequency === "every_trigger" || run.trigger_source.type === "rehearsal") return null;
  const perTenant = workflow.trigger_frequency === "once_per_recipient_per_tenant";
  // The two frequencies use different keys ("*", or "=" and the tenant), so that a workflow can change its frequency.
  return { workflow: workflow.key, recipient, tenant: perTenant ? `=${run.tenant ?? ""}` : "*" };
}

export function buildWorkflowRun(trigger: Trigger, workflow: Workflow, id: string, now: number): WorkflowRun {
  return createWorkflowRun(workflow, {
    id,
    actor: trigger.actor?.key ?? null,
    tenant: trigger.tenant?.id ?? null,
    data: trigger.data,
    cancellation_key: trigger.cancellation_key,
    settings: trigger.settings,
    trigger_source: { type: "api" },
    inserted_at: now,
  });
}

export function buildRecipientRun(
  { run, now }: Pick<RunStart, "run" | "now">,
  { key, trigger_data, via }: ReachedRecipient,
): RecipientRun {
  return {
    id: createUuidV5(run.id, toGid(key)),
    workflow_run_id: run.id,
    recipient: key,
    status: "queued",
    position: null,
    due_at: null,
    wait: null,
    data: trigger_data ? Object.assign({}, run.data, trigger_data) : null, // shallow (EQ-08)
    via,
    steps: [],
    reason: null,
    events: [],
    error_count: 0,
    inserted_at: now,
    updated_at: now,
  };
}

/**
 * Computes the first advances of the reached recipients in memory, without writing anything. `alreadyTriggered` holds
 * the recipients that have used up a once-only workflow, as far as the caller knows; those in the store are added to
 * it. `known` are recipients that were just read.
 */
export async function startRuns(
  context: EngineContext<StartStore>,
  start: RunStart,
  recipients: readonly ReachedRecipient[],
  alreadyTriggered: Set<RecipientKey>,
  known?: ReadonlyMap<RecipientKey, Recipient>,
): Promise<FirstAdvances> {
  const { run, compiled, environment, now } = start;
  const runs = recipients.map((recipient) => buildRecipientRun(start, recipient));
  const frequencyRecords = runs.flatMap(
    ({ recipient }) => buildFrequencyRecord(compiled.workflow, run, recipient) ?? [],
  );
  if (frequencyRecords.length > 0)
    for (const recipient of await context.store.readAlreadyTriggered(frequencyRecords)) alreadyTriggered.add(recipient);
  const read = await readRunRecipients(
    context.store,
    runs.map((recipientRun) => ({ run, recipientRun })),
    known,
  );
  const linkKey = await readLinkKey(context, environment);
  const unidentified: RecipientKey[] = [];
  const inputs: AdvanceInput[] = [];
  const canceled = new Set(recipients.filter(({ isCanceled }) => isCanceled).map(({ key }) => key));
  const endedRuns: RecipientRun[] = [];
  for (const recipientRun of runs) {
    const parties = buildParties(run, recipientRun, read);
    if (parties === null) {
      unidentified.push(recipientRun.recipient);
      continue;
    }
    if (canceled.has(recipientRun.recipient)) {
      endedRuns.push(cancelRun(recipientRun, now));
      continue;
    }
    if (start.failure !== undefined) {
      endedRuns.push(failRun(recipientRun, compiled.workflow, now, start.failure));
      continue;
    }
    const wasTriggered = alreadyTriggered.has(recipientRun.recipient);
    inputs.push(
      buildAdvanceInput(context, parties, {
        recipients: read,
        run,
        recipientRun,
        environment,
        linkKey,
        schedule: start.schedule,
        compiled,
        now,
        alreadyTriggered: wasTriggered,
      }),
    );
  }
  const throttles: ThrottleAssumption[] = [];
  const started = await advanceMany(context, inputs, now, async (requests) => {
    const decisions = await context.store.previewThrottleSlots([...throttles, ...requests], now);
    const passed = decisions.slice(throttles.length);
    throttles.push(...requests.map((request, index) => ({ ...request, passes: passed[index] === true })));
    return passed;
  });
  const advances = [...endedRuns.map(createRunOnlyAdvance), ...started];
  const startedRecipients = new Set(
    started.filter((advance) => advance.hasStarted).map(({ recipientRun }) => recipientRun.recipient),
  );
  return {
    recipientRuns: advances.map((advance) => advance.recipientRun),
    messages: advances.flatMap(({ messages }) => messages),
    batches: new Map(
      advances.flatMap((advance) => (advance.batch ? [[advance.recipientRun.id, advance.batch] as const] : [])),
    ),
    upserts: advances.flatMap((advance) => advance.upserts),
    triggers: advances.flatMap((advance) => advance.triggers),
    frequencyRecords: frequencyRecords.filter((claim) => startedRecipients.has(claim.recipient)),
    throttles,
    unidentified,
    advances,
  };
}
