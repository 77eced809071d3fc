import type { Environment } from "../../domain/environment/environment.js";
import { toRecipientReference } from "../../domain/recipient/recipient.js";
import { WORKER_CRASHED } from "../../domain/run/fail-run.js";
import type { Reason } from "../../domain/run/outcome.js";
import { hasFailedAlone } from "../../domain/run/suspicion.js";
import { createWorkflowRun, type WorkflowRun } from "../../domain/run/workflow-run.js";
import type { Schedule } from "../../domain/trigger/schedule.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { DueStore } from "../../ports/due-store.js";
import type { BlockedOccurrence } from "../../ports/operations.js";
import type { Occurrence, ScheduleStore } from "../../ports/schedule-store.js";
import { toIsoTime } from "../../util/iso-time.js";
import { compileWorkflow } from "../compile/compile-workflow.js";
import { type EngineContext, isWorkflowActive, type StartStore } from "../context/engine-context.js";
import { doInParts, startAlone } from "../context/work-failures.js";
import { findFollowingOccurrence } from "../schedule/schedule-occurrences.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import type { Advance } from "./advance.js";
import { createClaim } from "./continue-fan-out.js";
import { keepOwnSchedules } from "./leave-runs.js";
import { applyBatchDecision, type ReportStart, startRuns, toNewWorkflowRun } from "./start-runs.js";

/** Limits the occurrences written in one transaction. */
const MAX_OCCURRENCES_PER_CHUNK = 100;

/** `broken`: its file or templates are invalid now, with the error. */
type CurrentWorkflow = CompiledWorkflow | "unavailable" | { broken: KnockError };

/** A schedule whose occurrence could not start. It is still claimed by its token. */
export interface BlockedSchedule {
  schedule: Schedule;
  token: string;
  error: Error;
}

/** Returns the version of a workflow that is current when the occurrence starts (E-016). */
async function readCurrentWorkflow(
  context: EngineContext<unknown>,
  environment: Environment,
  key: string,
): Promise<CurrentWorkflow> {
  try {
    const workflow: Workflow | null = await context.definitions.workflow(key);
    return workflow !== null && isWorkflowActive(workflow, environment)
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

/**
 * Starts an occurrence in memory: the run of its recipient, without an object's subscribers (E-377). There is no run if
 * the workflow is unavailable.
 */
async function startOccurrence(
  context: EngineContext<StartStore>,
  schedule: Schedule,
  next: number | null,
  compiled: CompiledWorkflow | "unavailable",
  environment: Environment,
  now: number,
  failure: Reason | undefined,
): Promise<StartedOccurrence> {
  const after: Schedule = { ...schedule, next_occurrence_at: next, updated_at: now };
  if (compiled === "unavailable") return { occurrence: { schedule: after, run: null }, run: null, advances: [] };
  after.last_occurrence_at = now;
  const { actor, tenant, data } = schedule;
  const run = createWorkflowRun(compiled.workflow, {
    id: context.ids.uuid(),
    actor,
    tenant,
    data: data ?? {}, // E-374
    trigger_source: { type: "schedule", schedule_id: schedule.id },
    inserted_at: now,
  });
  const reached = [{ key: schedule.recipient, trigger_data: null, via: null }];
  const started = await startRuns(
    context,
    { run, compiled, environment, now, schedule: after, failure },
    reached,
    new Set(),
  );
  const occurrence: Occurrence = { schedule: after, run: toNewWorkflowRun(run, compiled.workflow, started) };
  return { occurrence, run, advances: started.advances };
}

interface ScheduleClaim {
  token: string;
  now: number;
  report: ReportStart;
}

async function runClaimedSchedules(
  context: EngineContext<StartStore & ScheduleStore & DueStore>,
  claimed: readonly Schedule[],
  { token, now, report }: ScheduleClaim,
  failure?: Reason,
): Promise<BlockedSchedule[]> {
  const blocked: BlockedSchedule[] = [];
  const environment = await context.definitions.environment();
  const recipients = await context.store.readRecipients([...new Set(claimed.map(({ recipient }) => recipient))]);
  const workflows = new Map<string, CurrentWorkflow>();
  for (const { workflow } of claimed)
    if (!workflows.has(workflow)) workflows.set(workflow, await readCurrentWorkflow(context, environment, workflow));

  for (let open = await keepOwnSchedules(context, claimed, token); open.length > 0; ) {
    const started: StartedOccurrence[] = [];
    for (const schedule of open) {
      const current = workflows.get(schedule.workflow) ?? "unavailable";
      if (current !== "unavailable" && "broken" in current) {
        blocked.push({ schedule, token, error: current.broken });
        continue;
      }
      const recipient = recipients.get(schedule.recipient);
      const next = await findFollowingOccurrence(schedule, now, { recipient, environment });
      started.push(await startOccurrence(context, schedule, next, current, environment, now, failure));
    }
    const results = await context.store.saveOccurrences(
      started.map(({ occurrence }) => occurrence),
      token,
    );
    const repeatedIds = new Set<string>();
    for (const [index, { occurrence, run, advances }] of started.entries()) {
      // A once-only workflow has run for the recipient since it was read. The next attempt takes that into account.
      const result = results[index];
      if (result?.outcome === "already_triggered") repeatedIds.add(occurrence.schedule.id);
      if (result?.outcome !== "saved" || run === null) continue;
      context.ownWork?.add(result.caused);
      context.ownWork?.add({ workflowRunIds: [run.id] });
      for (const advance of advances) report(run, applyBatchDecision(advance, result.batchDecisions));
    }
    open = open.filter(({ id }) => repeatedIds.has(id));
  }
  return blocked;
}

/**
 * Runs claimed schedules. One that cannot be saved does not hold up the others: it stays due and is returned as blocked, until the
 * run of its occurrence is saved as failed.
 */
async function runInParts(
  context: EngineContext<StartStore & ScheduleStore & DueStore>,
  claimed: readonly Schedule[],
  claim: ScheduleClaim,
): Promise<BlockedSchedule[]> {
  const { token } = claim;
  const { store, workFailures } = context;
  const blocked: BlockedSchedule[] = [];
  const run = async (part: readonly Schedule[], failure?: Reason): Promise<void> => {
    blocked.push(...(await runClaimedSchedules(context, part, claim, failure)));
  };
  const crashed = hasFailedAlone(store.getDeathsAlone(token)) ? WORKER_CRASHED : undefined;
  const failed = await doInParts(store, claimed, async (part) => {
    await run(part, crashed);
    workFailures.starts.recordSuccess(part.map(({ id }) => id));
  });
  for (const { item } of failed) {
    const result = await startAlone(context, item.id, (failure) => run([item], failure));
    if ("error" in result) blocked.push({ schedule: item, token, error: result.error });
  }
  return blocked;
}

/**
 * Starts the runs of schedules that are due at `now`, each in one transaction with its schedule's times. An overdue
 * schedule occurs once for all the times that no worker ran. A moved clock stops at every due time, so that each one
 * occurs. If the workflow is not active or no longer exists, the occurrence is skipped and the schedule continues
 * (E-381). If its file is invalid, the schedule stays due, because someone may be editing the file. Returns the blocked
 * schedules; they stay claimed until the claim ends or {@link releaseSchedules} releases them.
 */
export async function runDueSchedules(
  context: EngineContext<StartStore & ScheduleStore & DueStore>,
  now: number,
  report: ReportStart,
  signal?: AbortSignal,
): Promise<BlockedSchedule[]> {
  const blocked: BlockedSchedule[] = [];
  while (!signal?.aborted) {
    const claim = createClaim(context, now);
    const claimed = await context.store.claimDueSchedules(claim, MAX_OCCURRENCES_PER_CHUNK);
    if (claimed.length === 0) break;
    blocked.push(...(await runInParts(context, claimed, { ...claim, report })));
    if (context.store.getDeathsAlone(claim.token) !== null)
      await context.store.settleSuspected(claim.token, { isDone: true });
  }
  return blocked;
}

/** Releases schedules unchanged, so that another process can try immediately. */
export async function releaseSchedules(
  { store }: EngineContext<ScheduleStore>,
  blocked: readonly BlockedSchedule[],
): Promise<void> {
  for (const { schedule, token } of blocked) await store.saveOccurrences([{ schedule, run: null }], token);
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
