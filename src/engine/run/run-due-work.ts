import type { Environment } from "../../domain/environment/environment.js";
import { toRecipientReference } from "../../domain/recipient/recipient.js";
import { isStillWaiting } from "../../domain/run/run-wait.js";
import { findStep, findStepPath } from "../../domain/run/step-path.js";
import type { StepPath, WorkflowRun } from "../../domain/run/workflow-run.js";
import { isBatchStep } from "../../domain/steps/batch-step.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { ClockSetting } from "../../ports/clock-store.js";
import type { ClaimedFanOut, FanOutStore } from "../../ports/fan-out-store.js";
import type { AdvancedRun } from "../../ports/operations.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { ClaimedRun, SavedAdvance } from "../../ports/run-store.js";
import type { ScheduleStore } from "../../ports/schedule-store.js";
import { toIsoTime } from "../../util/iso-time.js";
import { compileWorkflow, createWorkflowCompiler, findTemplateError } from "../compile/compile-workflow.js";
import {
  buildParties,
  type DueWorkStore,
  type EngineContext,
  isWorkflowActive,
  type QueryStore,
  readRunRecipients,
  readRunSchedules,
  type StartStore,
} from "../context/engine-context.js";
import type { AdvanceInput } from "../execution/run-execution.js";
import { deliverDueMessages, type OnDelivered } from "../message/deliver-due-messages.js";
import { getRunContext } from "../workflow/branch-context.js";
import { type Advance, stopRun } from "./advance.js";
import { advanceMany } from "./advance-many.js";
import { buildRecipientOutcome } from "./build-trigger-outcome.js";
import { continueFanOut, createClaim } from "./continue-fan-out.js";
import { followUserChanges } from "./follow-user-changes.js";
import { type BlockedSchedule, runDueSchedules } from "./run-due-schedules.js";
import { applyBatchDecision, type RunStart } from "./start-runs.js";

/** Limits the runs advanced in one transaction: enough to share its cost, few enough to release the lock soon. */
const MAX_RUNS_PER_CHUNK = 500;

/**
 * Returns a function that reads the current workflows of a chunk, or null for one that is not active or no longer
 * exists.
 */
function createCurrentWorkflowReader(context: EngineContext<unknown>, environment: Environment) {
  const known = new Map<string, Promise<Workflow | null>>();
  return (key: string, version: Workflow): Promise<Workflow | null> => {
    let current = known.get(key);
    if (current === undefined) {
      // An invalid file is not an archived workflow: its runs continue with their own version, as with invalid
      // templates.
      current = context.definitions
        .workflow(key)
        .catch(() => version)
        .then((workflow) => (workflow !== null && isWorkflowActive(workflow, environment) ? workflow : null));
      known.set(key, current);
    }
    return current;
  };
}

/**
 * Returns the newest version for a batch in `latest` mode, if that version still has the batch (E-267). Null keeps the
 * run's own version.
 */
function findNewerVersion(
  { recipientRun, version, batch }: ClaimedRun,
  current: Workflow | null,
): { version: Workflow; position: StepPath } | null {
  if (batch === null || current === null || current.version_id === version.version_id || recipientRun.position === null)
    return null;
  const at = findStep(version.steps, recipientRun.position);
  if (!isBatchStep(at) || at.settings.workflow_version_mode !== "latest") return null;
  const position = findStepPath(current.steps, at.ref);
  const same = position && findStep(current.steps, position);
  return isBatchStep(same) && same.settings.workflow_version_mode === "latest"
    ? { version: current, position: position as StepPath }
    : null;
}

const NO_QUERY_RESULTS: ReadonlyMap<string, unknown> = new Map();

interface AdvancedClaimedRun {
  claimed: ClaimedRun;
  result: Advance;
  newVersion: Workflow | null;
}

async function advanceClaimedRuns(
  context: EngineContext<QueryStore & ScheduleStore>,
  claimed: readonly ClaimedRun[],
  now: number,
): Promise<AdvancedClaimedRun[]> {
  const [people, schedules, environment] = await Promise.all([
    readRunRecipients(context.store, claimed),
    readRunSchedules(context.store, claimed),
    context.definitions.environment(),
  ]);
  const readCurrentWorkflow = createCurrentWorkflowReader(context, environment);
  const compile = createWorkflowCompiler(context.definitions);
  const advancedRuns: (AdvancedClaimedRun | null)[] = [];
  const pendingAdvances: { position: number; claimed: ClaimedRun; version: Workflow | null; input: AdvanceInput }[] =
    [];
  for (const claimedRun of claimed) {
    const { run, recipientRun, version, messages, batch, signals } = claimedRun;
    // A broadcast uses the version from when it was scheduled. Later changes of its file have no effect (E-399).
    const current =
      run.trigger_source.type === "broadcast" ? version : await readCurrentWorkflow(run.workflow, version);
    const newest = findNewerVersion(claimedRun, current);
    const newer = newest && (await findTemplateError(newest.version, context.definitions)) === null ? newest : null;
    const parties = buildParties(run, recipientRun, people);
    if (parties === null) {
      const result = stopRun(recipientRun, { code: "recipient_deleted", detail: null }, now); // E-053
      advancedRuns.push({ claimed: claimedRun, result, newVersion: newer?.version ?? null });
      continue;
    }
    const position = advancedRuns.push(null) - 1;
    const compiled = await compile(newer?.version ?? version);
    pendingAdvances.push({
      position,
      claimed: claimedRun,
      version: newer?.version ?? null,
      input: {
        recipient: parties.recipient,
        actor: parties.actor,
        tenant: parties.tenant,
        subscribedObject: parties.subscribedObject,
        recipients: people,
        run: newer ? { ...run, version_id: newer.version.version_id } : run,
        recipientRun: newer ? { ...recipientRun, position: newer.position } : recipientRun,
        environment,
        schedule: schedules.get(run.trigger_source.schedule_id ?? ""),
        compiled,
        messages,
        batch,
        signals,
        now,
        ids: context.ids,
        isUnavailable: current === null,
        alreadyTriggered: false,
        queryResults: NO_QUERY_RESULTS,
      },
    });
  }
  const results = await advanceMany(
    context,
    pendingAdvances.map(({ input }) => input),
    now,
  );
  for (const [index, { position, claimed, version }] of pendingAdvances.entries())
    advancedRuns[position] = { claimed, result: results[index] as Advance, newVersion: version };
  return advancedRuns.filter((advanced) => advanced !== null);
}

/** Advances runs with the files of their branches. Usually there are no branches. */
async function advanceByBranch(
  context: EngineContext<QueryStore & ScheduleStore>,
  claimed: readonly ClaimedRun[],
  now: number,
): Promise<AdvancedClaimedRun[]> {
  const branches = new Set(claimed.map(({ run }) => run.settings.branch));
  if (branches.size === 1 && branches.has(undefined)) return advanceClaimedRuns(context, claimed, now);
  const advancedRuns: AdvancedClaimedRun[] = [];
  for (const branch of branches) {
    const runs = claimed.filter(({ run }) => run.settings.branch === branch);
    advancedRuns.push(...(await advanceClaimedRuns(getRunContext(context, branch), runs, now)));
  }
  return advancedRuns;
}

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

/** Expands a broadcast's target into recipients, with a module that few commands need. */
async function expandBroadcastTarget(
  context: EngineContext<AudienceStore & FanOutStore & RecipientStore>,
  first: ClaimedFanOut,
  token: string,
  now: number,
) {
  return (await import("../audience/expand-target.js")).expandTarget(context, first, token, now);
}

/**
 * Continues the fan-out of accepted triggers: those whose process ended before they were done, or that steps created.
 */
async function continueDueFanOuts(
  context: EngineContext<StartStore & FanOutStore>,
  now: number,
  report: (run: AdvancedRun) => void,
): Promise<void> {
  for (;;) {
    const claim = createClaim(context, now);
    const claimed = await context.store.claimDueFanOuts(claim, 1);
    const [first] = claimed;
    if (first === undefined) return;
    const own = getRunContext(context, first.run.settings.branch);
    const claimedFanOut = first.fanOut.target ? await expandBroadcastTarget(own, first, claim.token, now) : first;
    if (claimedFanOut === null) continue;
    const environment = await own.definitions.environment();
    const start: RunStart = {
      run: claimedFanOut.run,
      compiled: await compileWorkflow(claimedFanOut.version, own.definitions),
      environment,
      now,
    };
    await continueFanOut(own, start, claimedFanOut.fanOut, claim.token, (advances) => {
      for (const result of advances) report(toFirstAdvancedRun(claimedFanOut.run, result));
    });
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
  /** The store's clock is set to this before any work runs. */
  clock?: ClockSetting;
  onBlocked?: (schedule: BlockedSchedule) => void;
  onDelivered?: OnDelivered;
}

/**
 * Runs everything due at `now` in chunks, then its deliveries. Returns the advanced runs. Calls `onBlocked` for
 * schedules that could not start. Reads which work is due before it claims, because most rounds find work of one kind.
 */
export async function runDueWork(
  context: EngineContext<DueWorkStore>,
  now: number,
  { signal, clock, onBlocked, onDelivered }: RunDueWorkOptions = {},
): Promise<AdvancedRun[]> {
  const { store } = context;
  const ran: AdvancedRun[] = [];
  const reportFirst = (run: WorkflowRun, first: Advance) => ran.push(toFirstAdvancedRun(run, first));
  for (let round = 0; !signal?.aborted; round++) {
    const due = await store.listDueKinds(now, context.realNow());
    // Schedules that could not start stay due.
    const hasSchedules = round === 0 && due.has("schedules");
    const claim = createClaim(context, now);
    if (clock && round === 0) {
      // A claim writes the clock in its own transaction. With work of other kinds, the clock must be written before any
      // claim.
      if (due.size === 1 && due.has("runs")) claim.clock = clock;
      else await store.writeClock(clock);
    }
    if (hasSchedules)
      for (const schedule of await runDueSchedules(context, now, reportFirst, signal)) onBlocked?.(schedule);
    if (due.has("fan_outs")) await continueDueFanOuts(context, now, (run) => ran.push(run));
    if (due.has("user_changes")) await followUserChanges(context, now, reportFirst);
    const claimed = due.has("runs") ? await store.claimDueRuns(claim, MAX_RUNS_PER_CHUNK) : [];
    if (claimed.length === 0) {
      const delivered = due.has("messages") ? await deliverDueMessages(context, now, onDelivered) : 0;
      // Another run may wait for a delivery, and a run that just started may have triggered another workflow.
      if (delivered > 0 || hasSchedules || due.has("fan_outs") || due.has("user_changes")) continue;
      break;
    }
    const advances = await advanceByBranch(context, claimed, now);
    const { saved, batchDecisions } = await store.saveAdvances(
      advances.map(
        ({ result, newVersion: version }): SavedAdvance => ({
          recipientRun: result.recipientRun,
          messages: result.messages,
          batch: result.batch,
          upserts: result.upserts,
          triggers: result.triggers,
          version,
        }),
      ),
      claim.token,
      now,
    );
    for (const { claimed: claimedRun, result } of advances)
      if (saved.has(claimedRun.recipientRun.id) && !isStillWaiting(result.recipientRun.wait))
        ran.push(toAdvancedRun(claimedRun, applyBatchDecision(result, batchDecisions)));
  }
  return ran;
}

/** Processes the effects of a change of the store: events that runs wait for, and users who joined an audience. */
export async function processPendingEvents(context: EngineContext<DueWorkStore>, now: number): Promise<void> {
  if (await context.store.hasPendingEvents()) await runDueWork(context, now);
}
