import type { Environment } from "../../domain/environment/environment.js";
import type { Message } from "../../domain/message/message.js";
import { gidOf, type Recipient, type RecipientKey, type RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { Subscription } from "../../domain/recipient/subscription.js";
import {
  type BatchDecision,
  type BatchJoin,
  continuationOf,
  continueAtBatch,
  type PendingTrigger,
} from "../../domain/run/batch.js";
import type { RecipientRun, WorkflowRun } from "../../domain/run/workflow-run.js";
import type { Schedule } from "../../domain/trigger/schedule.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { FrequencyClaim } from "../../ports/trigger-store.js";
import { uuidV5 } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import type { AdvanceInput } from "../advancing/advancing.js";
import { type EngineContext, partiesOf, readParties, type StartStore } from "../context/engine-context.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import type { Advance } from "./advance.js";
import { advanceMany } from "./advance-many.js";

/** What the first advances of a trigger's runs share. */
export interface RunStart {
  run: WorkflowRun;
  compiled: CompiledWorkflow;
  environment: Environment;
  now: number;
  /** The schedule that it is an occurrence of. */
  schedule?: Schedule;
}

/** A recipient that a trigger reaches: listed, or through a subscription. */
export interface Reached {
  key: RecipientKey;
  trigger_data: JsonObject | null;
  via: Subscription | null;
}

export interface StartedRuns {
  recipientRuns: RecipientRun[];
  messages: Message[];
  batches: Map<string, BatchJoin>;
  claims: FrequencyClaim[];
  unidentified: RecipientKey[];
  /** Recipients that steps changed. */
  upserts: RecipientUpsert[];
  triggers: PendingTrigger[];
  advances: Advance[];
}

const NO_ANSWERS: ReadonlyMap<string, unknown> = new Map();

/** The runs and messages as the store took them, for those at a batch. */
export function asDecided(
  { recipientRuns, messages, batches }: StartedRuns,
  decided: ReadonlyMap<string, BatchDecision>,
): { recipientRuns: RecipientRun[]; messages: Message[] } {
  if (decided.size === 0) return { recipientRuns, messages };
  const runs: RecipientRun[] = [];
  const made = [...messages];
  for (const run of recipientRuns) {
    const join = batches.get(run.id);
    const decision = decided.get(run.id);
    const took = join && decision ? continuationOf(join, decision) : null;
    runs.push(took?.recipientRun ?? run);
    if (took) for (const message of took.messages) made.push(message);
  }
  return { recipientRuns: runs, messages: made };
}

/** Returns an advance as it goes on after the batch that it came to. */
export function decidedAdvance(advance: Advance, decided: ReadonlyMap<string, BatchDecision>): Advance {
  const decision = decided.get(advance.recipientRun.id);
  if (advance.batch === null || decision === undefined) return advance;
  return { ...advance, ...continueAtBatch(advance, decision) };
}

/** The slot of a once-only workflow that a recipient uses up (E-068); null where every trigger runs. */
function claimOf(workflow: Workflow, run: WorkflowRun, recipient: RecipientKey): FrequencyClaim | null {
  // A test run neither asks nor counts (E-069).
  if (workflow.trigger_frequency === "every_trigger" || run.trigger_source.type === "rehearsal") return null;
  const perTenant = workflow.trigger_frequency === "once_per_recipient_per_tenant";
  // The two frequencies keep apart, should a workflow change its own: a tenant's id cannot be "*" and no "=…".
  return { workflow: workflow.key, recipient, tenant: perTenant ? `=${run.tenant ?? ""}` : "*" };
}

export function workflowRunOf(trigger: Trigger, workflow: Workflow, id: string, now: number): WorkflowRun {
  return {
    id,
    workflow: workflow.key,
    version_id: workflow.version_id,
    actor: trigger.actor?.key ?? null,
    tenant: trigger.tenant?.id ?? null,
    data: trigger.data,
    cancellation_key: trigger.cancellation_key,
    settings: trigger.settings,
    trigger_source: { type: "api" },
    inserted_at: now,
  };
}

export function newRun({ run, now }: Pick<RunStart, "run" | "now">, { key, trigger_data, via }: Reached): RecipientRun {
  return {
    id: uuidV5(run.id, gidOf(key)),
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
 * First advances of the reached recipients, in memory: nothing is written. `usedUp` holds the recipients that a once-only
 * workflow has already run for, as far as the caller knows; those in the store are added to it. `known` are recipients as
 * just read.
 */
export async function startRuns(
  context: EngineContext<StartStore>,
  start: RunStart,
  reached: readonly Reached[],
  usedUp: Set<RecipientKey>,
  known?: ReadonlyMap<RecipientKey, Recipient>,
): Promise<StartedRuns> {
  const { run, compiled, environment, now } = start;
  const runs = reached.map((one) => newRun(start, one));
  const claims = runs.flatMap(({ recipient }) => claimOf(compiled.workflow, run, recipient) ?? []);
  if (claims.length > 0) for (const recipient of await context.store.readClaims(claims)) usedUp.add(recipient);
  const people = await readParties(
    context.store,
    runs.map((recipientRun) => ({ run, recipientRun })),
    known,
  );
  const unidentified: RecipientKey[] = [];
  const inputs: AdvanceInput[] = [];
  for (const recipientRun of runs) {
    const parties = partiesOf(run, recipientRun, people);
    if (parties === null) {
      unidentified.push(recipientRun.recipient);
      continue;
    }
    inputs.push({
      recipient: parties.recipient,
      actor: parties.actor,
      tenant: parties.tenant,
      subscribedObject: parties.subscribedObject,
      people,
      run,
      recipientRun,
      environment,
      schedule: start.schedule,
      compiled,
      messages: [],
      batch: null,
      signals: [],
      now,
      ids: context.ids,
      unavailable: false,
      usedUp: usedUp.has(recipientRun.recipient),
      answers: NO_ANSWERS,
    });
  }
  const advances = await advanceMany(context, inputs, now);
  const startedOnes = new Set(advances.filter((one) => one.started).map((one) => one.recipientRun.recipient));
  return {
    recipientRuns: advances.map((one) => one.recipientRun),
    messages: advances.flatMap((one) => one.messages),
    batches: new Map(advances.flatMap((one) => (one.batch ? [[one.recipientRun.id, one.batch] as const] : []))),
    upserts: advances.flatMap((one) => one.upserts),
    triggers: advances.flatMap((one) => one.triggers),
    claims: claims.filter((claim) => startedOnes.has(claim.recipient)),
    unidentified,
    advances,
  };
}
