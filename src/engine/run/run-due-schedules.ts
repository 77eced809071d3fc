import type { Environment } from "../../domain/environment/environment.js";
import { toRecipientReference } from "../../domain/recipient/recipient.js";
import type { WorkflowRun } from "../../domain/run/workflow-run.js";
import type { Schedule } from "../../domain/trigger/schedule.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { BlockedOccurrence } from "../../ports/operations.js";
import type { Occurrence, ScheduleStore } from "../../ports/schedule-store.js";
import type { NewWorkflowRun } from "../../ports/trigger-store.js";
import { toIsoTime } from "../../util/iso-time.js";
import { compileWorkflow } from "../compile/compile-workflow.js";
import { type EngineContext, isActive, type StartStore } from "../context/engine-context.js";
import { findFollowingOccurrence } from "../schedule/schedule-occurrences.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import type { Advance } from "./advance.js";
import { createClaim } from "./continue-fan-out.js";
import { applyBatchDecision, type StartedRuns, startRuns } from "./start-runs.js";

/** Occurrences written in one transaction. */
const MAX_OCCURRENCES_PER_CHUNK = 100;

/** `broken`: its file or templates cannot be read now, and why. */
type CurrentWorkflow = CompiledWorkflow | "unavailable" | { broken: KnockError };

/** A schedule whose occurrence could not start, still claimed by its token. */
export interface BlockedSchedule {
  schedule: Schedule;
  token: string;
  error: KnockError;
}

/** The workflow current at run time (E-016). */
async function readCurrentWorkflow(
  context: EngineContext<unknown>,
  environment: Environment,
  key: string,
): Promise<CurrentWorkflow> {
  try {
    const workflow: Workflow | null = await context.definitions.workflow(key);
    return workflow !== null && isActive(workflow, environment)
      ? await compileWorkflow(workflow, context.definitions)
      : "unavailable";
  } catch (error) {
    if (error instanceof KnockError) return { broken: error };
    throw error;
  }
}

interface StartedOccurrence {
  occurrence: Occurrence;
  run: WorkflowRun | null;
  advances: Advance[];
}

function buildScheduledRun(
  context: EngineContext<unknown>,
  schedule: Schedule,
  version_id: string,
  now: number,
): WorkflowRun {
  return {
    id: context.ids.uuid(),
    workflow: schedule.workflow,
    version_id,
    actor: schedule.actor,
    tenant: schedule.tenant,
    data: schedule.data ?? {}, // E-374
    cancellation_key: null,
    settings: { sandbox_mode: false, skip_delay: false },
    trigger_source: { type: "schedule", schedule_id: schedule.id },
    inserted_at: now,
  };
}

function toNewWorkflowRun(run: WorkflowRun, version: Workflow, started: StartedRuns): NewWorkflowRun {
  const { advances: _advances, ...rows } = started;
  return { ...rows, run, version, idempotency: null, fanOut: null };
}

/** An occurrence in memory: its recipient's run, without an object's subscribers (E-377); none where the workflow is off. */
async function startOccurrence(
  context: EngineContext<StartStore>,
  schedule: Schedule,
  next: number | null,
  compiled: CompiledWorkflow | "unavailable",
  environment: Environment,
  now: number,
): Promise<StartedOccurrence> {
  const after: Schedule = { ...schedule, next_occurrence_at: next, updated_at: now };
  if (compiled === "unavailable") return { occurrence: { schedule: after, run: null }, run: null, advances: [] };
  after.last_occurrence_at = now;
  const run = buildScheduledRun(context, schedule, compiled.workflow.version_id, now);
  const reached = [{ key: schedule.recipient, trigger_data: null, via: null }];
  const started = await startRuns(context, { run, compiled, environment, now, schedule: after }, reached, new Set());
  const occurrence: Occurrence = { schedule: after, run: toNewWorkflowRun(run, compiled.workflow, started) };
  return { occurrence, run, advances: started.advances };
}

async function runClaimedSchedules(
  context: EngineContext<StartStore & ScheduleStore>,
  claimed: readonly Schedule[],
  token: string,
  now: number,
  report: (run: WorkflowRun, advance: Advance) => void,
): Promise<BlockedSchedule[]> {
  const held: BlockedSchedule[] = [];
  const environment = await context.definitions.environment();
  const people = await context.store.readRecipients([...new Set(claimed.map(({ recipient }) => recipient))]);
  const workflows = new Map<string, CurrentWorkflow>();
  for (const { workflow } of claimed)
    if (!workflows.has(workflow)) workflows.set(workflow, await readCurrentWorkflow(context, environment, workflow));

  for (let open = claimed; open.length > 0; ) {
    const started: StartedOccurrence[] = [];
    for (const schedule of open) {
      const current = workflows.get(schedule.workflow) ?? "unavailable";
      if (current !== "unavailable" && "broken" in current) {
        held.push({ schedule, token, error: current.broken });
        continue;
      }
      const recipient = people.get(schedule.recipient);
      const next = await findFollowingOccurrence(schedule, now, { recipient, environment });
      started.push(await startOccurrence(context, schedule, next, current, environment, now));
    }
    const results = await context.store.saveOccurrences(
      started.map(({ occurrence }) => occurrence),
      token,
    );
    const again = new Set<string>();
    for (const [index, { occurrence, run, advances }] of started.entries()) {
      // A once-only workflow ran for the recipient in between: that is known the next time.
      const result = results[index];
      if (result?.outcome === "claimed") again.add(occurrence.schedule.id);
      if (result?.outcome === "saved" && run)
        for (const advance of advances) report(run, applyBatchDecision(advance, result.batchDecisions));
    }
    open = open.filter(({ id }) => again.has(id));
  }
  return held;
}

/**
 * Starts the runs of schedules that are due at `now`, each with its schedule's times in one transaction. A schedule that
 * is overdue, because no worker was there, occurs once for all the times it missed; a moved clock stops at every due time
 * on its way, so that there each occurs. A workflow that is switched off or gone skips the occurrence and the schedule
 * goes on (E-381); one whose file is broken leaves it due, since an edit may be under way: those are the answer, and stay
 * claimed until the claim ends or {@link releaseSchedules} lets go of them.
 */
export async function runDueSchedules(
  context: EngineContext<StartStore & ScheduleStore>,
  now: number,
  report: (run: WorkflowRun, advance: Advance) => void,
  signal?: AbortSignal,
): Promise<BlockedSchedule[]> {
  const held: BlockedSchedule[] = [];
  while (!signal?.aborted) {
    const claim = createClaim(context, now);
    const claimed = await context.store.claimDueSchedules(claim, MAX_OCCURRENCES_PER_CHUNK);
    if (claimed.length === 0) break;
    held.push(...(await runClaimedSchedules(context, claimed, claim.token, now, report)));
  }
  return held;
}

/** Lets go of schedules as they were, so that whoever looks next may try at once. */
export async function releaseSchedules(
  { store }: EngineContext<ScheduleStore>,
  held: readonly BlockedSchedule[],
): Promise<void> {
  for (const { schedule, token } of held) await store.saveOccurrences([{ schedule, run: null }], token);
}

export function toBlockedOccurrence({ schedule, error }: BlockedSchedule): BlockedOccurrence {
  return {
    schedule_id: schedule.id,
    workflow: schedule.workflow,
    recipient: toRecipientReference(schedule.recipient),
    at: toIsoTime(schedule.next_occurrence_at as number),
    error: error.message,
  };
}
