import type { Environment } from "../../domain/environment/environment.js";
import { referenceOf } from "../../domain/recipient/recipient.js";
import { isStillWaiting } from "../../domain/run/run-wait.js";
import { pathOf, stepAt } from "../../domain/run/step-path.js";
import type { StepPath, WorkflowRun } from "../../domain/run/workflow-run.js";
import { isBatchStep } from "../../domain/steps/batch.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { ClockSetting } from "../../ports/clock.js";
import type { ClaimedFanOut, FanOutStore } from "../../ports/fan-out-store.js";
import type { AdvancedRun } from "../../ports/operations.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { ClaimedRun, SavedAdvance } from "../../ports/run-store.js";
import type { ScheduleStore } from "../../ports/schedule-store.js";
import { isoTime } from "../../util/iso-time.js";
import type { AdvanceInput } from "../advancing/advancing.js";
import { compileOnce, compileWorkflow, faultOf } from "../compile/compile-workflow.js";
import {
  type AdvanceStore,
  type DueWorkStore,
  type EngineContext,
  isActive,
  partiesOf,
  readParties,
  readRunSchedules,
  type StartStore,
} from "../context/engine-context.js";
import { deliverDue, type OnDelivered } from "../message/deliver.js";
import { contextOf } from "../workflow/on-branch.js";
import { type Advance, stopRun } from "./advance.js";
import { advanceMany } from "./advance-many.js";
import { claimFor, continueFanOut } from "./fan-out.js";
import { followUserChanges } from "./follow-user-changes.js";
import { recipientOutcome } from "./run-outcome.js";
import { type HeldSchedule, runDueSchedules } from "./run-schedules.js";
import { decidedAdvance, type RunStart } from "./start-runs.js";

/** Runs advanced in one transaction: enough to share the cost, few enough that others get the lock soon. */
const CHUNK = 500;

/** The workflows of a chunk as they are now: null where one is gone or switched off. */
function currentWorkflows(context: EngineContext<unknown>, environment: Environment) {
  const known = new Map<string, Promise<Workflow | null>>();
  return (key: string, version: Workflow): Promise<Workflow | null> => {
    let current = known.get(key);
    if (current === undefined) {
      // A file that does not parse is no archived workflow: its runs go on with the version they have, as with templates.
      current = context.definitions
        .workflow(key)
        .catch(() => version)
        .then((workflow) => (workflow !== null && isActive(workflow, environment) ? workflow : null));
      known.set(key, current);
    }
    return current;
  };
}

/** A batch in `latest` mode goes on with the newest version that still has it so (E-267); null to keep the run's own. */
function newerVersion(
  { recipientRun, version, batch }: ClaimedRun,
  current: Workflow | null,
): { version: Workflow; position: StepPath } | null {
  if (batch === null || current === null || current.version_id === version.version_id || recipientRun.position === null)
    return null;
  const at = stepAt(version.steps, recipientRun.position);
  if (!isBatchStep(at) || at.settings.workflow_version_mode !== "latest") return null;
  const position = pathOf(current.steps, at.ref);
  const same = position && stepAt(current.steps, position);
  return isBatchStep(same) && same.settings.workflow_version_mode === "latest"
    ? { version: current, position: position as StepPath }
    : null;
}

const NO_ANSWERS: ReadonlyMap<string, unknown> = new Map();

interface AdvancedClaim {
  claimed: ClaimedRun;
  result: Advance;
  version: Workflow | null;
}

async function advanceClaimed(
  context: EngineContext<AdvanceStore & ScheduleStore>,
  claimed: readonly ClaimedRun[],
  now: number,
): Promise<AdvancedClaim[]> {
  const [people, schedules, environment] = await Promise.all([
    readParties(context.store, claimed),
    readRunSchedules(context.store, claimed),
    context.definitions.environment(),
  ]);
  const currentOf = currentWorkflows(context, environment);
  const compile = compileOnce(context.definitions);
  const done: (AdvancedClaim | null)[] = [];
  const walking: { place: number; claimed: ClaimedRun; version: Workflow | null; input: AdvanceInput }[] = [];
  for (const one of claimed) {
    const { run, recipientRun, version, messages, batch, signals } = one;
    // A broadcast is sent as it was when it was scheduled: its file does not count any more (E-399).
    const current = run.trigger_source.type === "broadcast" ? version : await currentOf(run.workflow, version);
    const newest = newerVersion(one, current);
    const newer = newest && (await faultOf(newest.version, context.definitions)) === null ? newest : null;
    const parties = partiesOf(run, recipientRun, people);
    if (parties === null) {
      const result = stopRun(recipientRun, { code: "recipient_deleted", detail: null }, now); // E-053
      done.push({ claimed: one, result, version: newer?.version ?? null });
      continue;
    }
    const place = done.push(null) - 1;
    const compiled = await compile(newer?.version ?? version);
    walking.push({
      place,
      claimed: one,
      version: newer?.version ?? null,
      input: {
        recipient: parties.recipient,
        actor: parties.actor,
        tenant: parties.tenant,
        subscribedObject: parties.subscribedObject,
        people,
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
        unavailable: current === null,
        usedUp: false,
        answers: NO_ANSWERS,
      },
    });
  }
  const results = await advanceMany(
    context,
    walking.map(({ input }) => input),
    now,
  );
  for (const [index, { place, claimed, version }] of walking.entries())
    done[place] = { claimed, result: results[index] as Advance, version };
  return done.filter((one) => one !== null);
}

/** Runs of a branch go on with its files; mostly there are none. */
async function advanceOnBranches(
  context: EngineContext<AdvanceStore & ScheduleStore>,
  claimed: readonly ClaimedRun[],
  now: number,
): Promise<AdvancedClaim[]> {
  const branches = new Set(claimed.map(({ run }) => run.settings.branch));
  if (branches.size === 1 && branches.has(undefined)) return advanceClaimed(context, claimed, now);
  const done: AdvancedClaim[] = [];
  for (const branch of branches) {
    const runs = claimed.filter(({ run }) => run.settings.branch === branch);
    done.push(...(await advanceClaimed(contextOf(context, branch), runs, now)));
  }
  return done;
}

/** Tells of the steps executed or ended since the run was claimed. */
function advancedRun({ recipientRun, run }: ClaimedRun, result: Advance): AdvancedRun {
  const settled = recipientRun.steps.filter(({ outcome }) => outcome !== "waiting").length;
  const made = new Map(result.messages.map((message) => [message.id, message]));
  const since = { ...result.recipientRun };
  since.steps = since.steps.slice(settled);
  const { steps } = recipientOutcome(since, made);
  return {
    recipient_run_id: recipientRun.id,
    recipient: referenceOf(recipientRun.recipient),
    workflow: run.workflow,
    at: isoTime(recipientRun.due_at ?? result.recipientRun.updated_at),
    steps,
  };
}

/** A broadcast's target as recipients, by a module that few starts need. */
async function expand(
  context: EngineContext<AudienceStore & FanOutStore & RecipientStore>,
  first: ClaimedFanOut,
  token: string,
  now: number,
) {
  return (await import("../audience/expand-target.js")).expandTarget(context, first, token, now);
}

/** Triggers that were accepted and not yet fanned out: another process died over them, or a step made them. */
async function continueFanOuts(
  context: EngineContext<StartStore & FanOutStore>,
  now: number,
  report: (one: AdvancedRun) => void,
): Promise<void> {
  for (;;) {
    const claim = claimFor(context, now);
    const claimed = await context.store.claimDueFanOuts(claim, 1);
    const [first] = claimed;
    if (first === undefined) return;
    const own = contextOf(context, first.run.settings.branch);
    const one = first.fanOut.target ? await expand(own, first, claim.token, now) : first;
    if (one === null) continue;
    const environment = await own.definitions.environment();
    const start: RunStart = {
      run: one.run,
      compiled: await compileWorkflow(one.version, own.definitions),
      environment,
      now,
    };
    await continueFanOut(own, start, one.fanOut, claim.token, (advances) => {
      for (const result of advances) report(firstAdvance(one.run, result));
    });
  }
}

function firstAdvance(run: WorkflowRun, result: Advance): AdvancedRun {
  const messages = new Map(result.messages.map((message) => [message.id, message]));
  const { recipient, steps } = recipientOutcome(result.recipientRun, messages);
  return {
    recipient_run_id: result.recipientRun.id,
    recipient,
    workflow: run.workflow,
    at: isoTime(result.recipientRun.inserted_at),
    steps,
  };
}

interface DueOptions {
  signal?: AbortSignal | undefined;
  /** The store's clock is set to this before anything runs. */
  clock?: ClockSetting;
  onHeld?: (held: HeldSchedule) => void;
  onDelivered?: OnDelivered;
}

/**
 * Runs everything due at `now` in chunks, then its deliveries. Returns what ran. Calls `onHeld` for schedules that could not
 * start. Looks at what is due before it claims, because most rounds find work of one kind.
 */
export async function runDueAt(
  context: EngineContext<DueWorkStore>,
  now: number,
  { signal, clock, onHeld, onDelivered }: DueOptions = {},
): Promise<AdvancedRun[]> {
  const { store } = context;
  const ran: AdvancedRun[] = [];
  const reportFirst = (run: WorkflowRun, first: Advance) => ran.push(firstAdvance(run, first));
  for (let round = 0; !signal?.aborted; round++) {
    const due = await store.dueKinds(now, context.realNow());
    // Schedules that could not start stay due.
    const hasSchedules = round === 0 && due.has("schedules");
    const claim = claimFor(context, now);
    if (clock && round === 0) {
      // A claim writes the clock in its own transaction; with other work, every claim needs the clock written before.
      if (due.size === 1 && due.has("runs")) claim.clock = clock;
      else await store.writeClock(clock);
    }
    if (hasSchedules) for (const one of await runDueSchedules(context, now, reportFirst, signal)) onHeld?.(one);
    if (due.has("fan_outs")) await continueFanOuts(context, now, (one) => ran.push(one));
    if (due.has("user_changes")) await followUserChanges(context, now, reportFirst);
    const claimed = due.has("runs") ? await store.claimDueRuns(claim, CHUNK) : [];
    if (claimed.length === 0) {
      const delivered = due.has("messages") ? await deliverDue(context, now, onDelivered) : 0;
      // A delivery may be what another run waits for; a run that just started may have triggered another workflow.
      if (delivered > 0 || hasSchedules || due.has("fan_outs") || due.has("user_changes")) continue;
      break;
    }
    const advances = await advanceOnBranches(context, claimed, now);
    const { saved, decided } = await store.saveAdvances(
      advances.map(
        ({ result, version }): SavedAdvance => ({
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
    for (const { claimed: one, result } of advances)
      if (saved.has(one.recipientRun.id) && !isStillWaiting(result.recipientRun.wait))
        ran.push(advancedRun(one, decidedAdvance(result, decided)));
  }
  return ran;
}

/** Follows up what a change of the store led to: events that runs wait for, users who joined an audience. */
export async function runNews(context: EngineContext<DueWorkStore>, now: number): Promise<void> {
  if (await context.store.hasNews()) await runDueAt(context, now);
}
