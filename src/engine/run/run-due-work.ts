import { toRecipientKey, toRecipientReference } from "../../domain/recipient/recipient.js";
import { WORKER_CRASHED } from "../../domain/run/fail-run.js";
import { isFanOutComplete } from "../../domain/run/fan-out-state.js";
import { buildEventName, isStillWaiting } from "../../domain/run/run-wait.js";
import { hasFailedAlone } from "../../domain/run/suspicion.js";
import { toRunFields } from "../../domain/run/work-fields.js";
import type { WorkflowRun } from "../../domain/run/workflow-run.js";
import { type CausedWork, type DueStore, SUSPECTED_WORK } from "../../ports/due-store.js";
import type { FanOutStore } from "../../ports/fan-out-store.js";
import type { AdvancedRun, DueOptions } from "../../ports/operations.js";
import { FixedWork, OwnWork } from "../../ports/own-work.js";
import type { ClaimedRun } from "../../ports/run-store.js";
import type { SourceEvent } from "../../ports/source-event.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { expandTarget } from "../audience/expand-target.js";
import { compileWorkflow } from "../compile/compile-workflow.js";
import { type DueWorkStore, type EngineContext, readTime, type StartStore } from "../context/engine-context.js";
import { doInParts, startAlone } from "../context/work-failures.js";
import { deliverDueMessages, type OnDelivered } from "../message/deliver-due-messages.js";
import { getRunContext } from "../workflow/branch-context.js";
import { readFilesOnce } from "../workflow/read-once.js";
import type { Advance } from "./advance.js";
import { advanceDueRuns, explainFailure, type RunFailure } from "./advance-due-runs.js";
import { buildRecipientOutcome } from "./build-trigger-outcome.js";
import { createClaim, insertNextChunk, MAX_RECIPIENTS_PER_CHUNK } from "./continue-fan-out.js";
import { followUserChanges } from "./follow-user-changes.js";
import { keepOwnRuns } from "./leave-runs.js";
import type { MovingClock } from "./moving-clock.js";
import { releaseAfterError } from "./release-after-error.js";
import { type BlockedSchedule, releaseSchedules, runDueSchedules, toBlockedOccurrence } from "./run-due-schedules.js";
import { applyBatchDecision, type ReportStart, type RunStart } from "./start-runs.js";

/** Limits the runs advanced in one transaction: enough to share its cost, few enough to release the lock soon. */
export const MAX_RUNS_PER_CHUNK = 500;

/** Returns the steps that were executed or ended since the run was claimed. */
function toAdvancedRun({ recipientRun, run }: ClaimedRun, result: Advance): AdvancedRun {
  const settled = recipientRun.steps.filter(({ outcome }) => outcome !== "waiting").length;
  const messagesById = new Map(result.messages.map((message) => [message.id, message]));
  const since = { ...result.recipientRun };
  since.steps = since.steps.slice(settled);
  const { steps } = buildRecipientOutcome(since, messagesById);
  return {
    recipient_run_id: recipientRun.id,
    recipient: toRecipientReference(recipientRun.recipient),
    workflow: run.workflow,
    at: toIsoTime(recipientRun.due_at ?? result.recipientRun.updated_at),
    steps,
  };
}

/**
 * Continues the fan-out of accepted triggers: those whose process ended before they were done, or that steps created. Stops
 * after a chunk that does not end its fan-out, so that the runs of a large trigger do not wait for all of its chunks.
 */
export async function continueDueFanOuts(
  context: EngineContext<StartStore & FanOutStore & DueStore>,
  now: number,
  report: ReportStart,
): Promise<void> {
  for (;;) {
    const claim = createClaim(context, now);
    const claimed = await context.store.claimDueFanOuts(claim, 1);
    const [first] = claimed;
    if (first === undefined) return;
    if ((await keepOwnRuns(context, claimed, claim.token)).length === 0) continue;
    const own = getRunContext(context, first.run.settings.branch);
    const claimedFanOut = first.fanOut.target ? await expandTarget(own, first, claim.token, now) : first;
    if (claimedFanOut === null) continue;
    const environment = await own.definitions.environment();
    const deathsAlone = own.store.getDeathsAlone(claim.token);
    const start: RunStart = {
      failure: hasFailedAlone(deathsAlone) ? WORKER_CRASHED : undefined,
      run: claimedFanOut.run,
      compiled: await compileWorkflow(claimedFanOut.version, own.definitions),
      environment,
      now,
    };
    const insert = (limit: number, failure = start.failure) =>
      insertNextChunk(own, { ...start, failure }, claimedFanOut.fanOut, { token: claim.token, leaseMs: null, limit });
    let result: { started: Awaited<ReturnType<typeof insert>> } | { error: Error } | null = null;
    // If a recipient cannot be saved, those before it are, and then it is tried alone. A suspected fan-out continues with one recipient
    // at a time, to find the one that ends processes.
    for (let limit = deathsAlone !== null ? 1 : MAX_RECIPIENTS_PER_CHUNK; result === null; limit = Math.ceil(limit / 2))
      if (limit === 1) result = await startAlone(own, start.run.id, (failure) => insert(1, failure));
      else
        await doInParts(own.store, [limit], async () => {
          result = { started: await insert(limit) };
          own.workFailures.starts.recordSuccess([start.run.id]);
        });
    if ("error" in result) {
      const text = `run ${start.run.id} could not start for its next recipient: ${result.error.message}`;
      own.warn?.(text, toRunFields(start.run));
      continue;
    }
    const { started: inserted } = result;
    if (deathsAlone !== null)
      await own.store.settleSuspected(claim.token, { isDone: inserted === null || isFanOutComplete(inserted.rest) });
    if (inserted === null) continue;
    for (const result of inserted.advances) report(claimedFanOut.run, result);
    if (!isFanOutComplete(inserted.rest)) return;
  }
}

function toFirstAdvancedRun(run: WorkflowRun, result: Advance): AdvancedRun {
  const messages = new Map(result.messages.map((message) => [message.id, message]));
  const { recipient, steps } = buildRecipientOutcome(result.recipientRun, messages);
  return {
    recipient_run_id: result.recipientRun.id,
    recipient,
    workflow: run.workflow,
    at: toIsoTime(result.recipientRun.inserted_at),
    steps,
  };
}

interface RunDueWorkOptions {
  signal?: AbortSignal | undefined;
  /** The clock that moves to the work. */
  clock?: MovingClock;
  onBlocked?: (schedule: BlockedSchedule) => void;
  onDelivered?: OnDelivered;
}

/**
 * Runs the due work of the context at `startTime` in chunks, then its deliveries, and at last the work that is suspected of ending
 * processes. Returns the advanced runs. Calls `onBlocked` for schedules that could not start. Reads which work is due before it
 * claims, because most rounds find work of one kind.
 */
export function runDueWork(
  context: EngineContext<DueWorkStore>,
  startTime: number,
  options: RunDueWorkOptions = {},
): Promise<AdvancedRun[]> {
  return releaseAfterError(context, (own) => runDueRounds(own, startTime, options));
}

async function runDueRounds(
  context: EngineContext<DueWorkStore>,
  startTime: number,
  { signal, clock, onBlocked, onDelivered }: RunDueWorkOptions,
): Promise<AdvancedRun[]> {
  const { store } = context;
  let now = startTime;
  const ran: AdvancedRun[] = [];
  let postponed: RunFailure | undefined;
  const reportFirst = (run: WorkflowRun, first: Advance) => ran.push(toFirstAdvancedRun(run, first));
  for (let round = 0; !signal?.aborted; round++) {
    const due = await store.listDueKinds(now, context.ownWork?.scope);
    // Schedules that could not start stay due.
    const hasSchedules = round === 0 && due.has("schedules");
    const claim = createClaim(context, now);
    await clock?.prepareClaim(claim, due);
    if (hasSchedules)
      for (const schedule of await runDueSchedules(context, now, reportFirst, signal)) onBlocked?.(schedule);
    if (due.has("fan_outs")) await continueDueFanOuts(context, now, reportFirst);
    if (due.has("user_changes")) await followUserChanges(context, now, reportFirst);
    const claimed = due.has("runs") ? await store.claimDueRuns(claim, MAX_RUNS_PER_CHUNK) : [];
    if (claimed.length === 0) {
      const delivered = due.has("messages") ? await deliverDueMessages(context, now, onDelivered) : 0;
      // Another run may wait for a delivery, and a run that just started may have triggered another workflow.
      if (delivered > 0 || hasSchedules || due.has("fan_outs") || due.has("user_changes")) continue;
      if (due.size > 0 || context.ownWork !== undefined) break;
      // A process that was killed may have left work that only looks claimed. A person who moves the clock does not wait for pauses.
      if (await store.releaseDeadClaims(now, { endsPauses: clock !== undefined })) continue;
      if ((await store.listDueKinds(now, SUSPECTED_WORK)).size === 0) break;
      const alone = { ...context, ownWork: new FixedWork(SUSPECTED_WORK) };
      for (const run of await runDueRounds(alone, now, { signal, clock, onBlocked, onDelivered })) ran.push(run);
      continue;
    }
    const { advances, reached, saved, batchDecisions, caused, failures } = await advanceDueRuns(context, claimed, {
      token: claim.token,
      now,
      signal,
      clock,
    });
    now = reached;
    for (const work of caused) context.ownWork?.add(work);
    for (const { claimed: claimedRun, result } of advances)
      if (
        saved.has(claimedRun.recipientRun.id) &&
        (result.recipientRun.status === "failed" || !isStillWaiting(result.recipientRun.wait))
      )
        ran.push(toAdvancedRun(claimedRun, applyBatchDecision(result, batchDecisions)));
    postponed ??= failures.find(({ hasEnded }) => !hasEnded);
  }
  // The run is tried again later, but a command that runs due work once must not hide its error.
  if (postponed !== undefined) throw explainFailure(postponed);
  return ran;
}

/** Runs what is due now. Returns the advanced runs. */
export async function runDue(
  sharedContext: EngineContext<DueWorkStore>,
  { signal, onBlocked, once, scope }: DueOptions,
): Promise<AdvancedRun[]> {
  const own = scope === undefined ? sharedContext : { ...sharedContext, ownWork: new OwnWork(scope) };
  const context = once ? readFilesOnce(own) : own;
  const blockedSchedules: BlockedSchedule[] = [];
  try {
    return await runDueWork(context, await readTime(context), {
      signal,
      onBlocked: (schedule) => {
        blockedSchedules.push(schedule);
        onBlocked?.(toBlockedOccurrence(schedule));
      },
    });
  } finally {
    if (once) await releaseSchedules(context, blockedSchedules);
  }
}

/**
 * Runs the work that changes of the store made due: runs that wait for their events, and users who joined an audience.
 */
export async function runCausedWork(
  context: EngineContext<DueWorkStore>,
  now: number,
  ...causes: readonly CausedWork[]
): Promise<void> {
  const ownWork = new OwnWork();
  for (const caused of causes) ownWork.add(caused);
  if (!ownWork.isEmpty) await runDueWork({ ...context, ownWork }, now);
}

/** Records an event from a source, and continues the recipient runs that wait for it. Returns their IDs. */
export async function deliverSourceEvent(context: EngineContext, source: SourceEvent): Promise<readonly string[]> {
  const now = await readTime(context);
  const at = source.at ?? now;
  const event: JsonObject = {
    data: source.data,
    user_id: source.user_id,
    inserted_at: toIsoTime(at),
    preprocess_output: source.preprocess_output ?? null,
    event_gid: source.event_gid ?? null,
  };
  const name = buildEventName({
    event_type: "integration_source",
    integration_source_key: source.source_key,
    event_key: source.event_key,
  });
  const recipient = source.user_id === null ? null : toRecipientKey(source.user_id);
  const caused = await context.store.recordEvents([{ name, recipient, at, event }], now);
  await runCausedWork(context, now, caused);
  return caused.recipientRunIds;
}
