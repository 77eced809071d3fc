import { LEFT_BATCH_EVENT } from "../domain/run/cancel-run.js";
import { getTriggerData } from "../domain/run/trigger-data.js";
import type { WorkflowRun } from "../domain/run/workflow-run.js";
import { walkSteps } from "../domain/step-types/walk-steps.js";
import type { MessageStore } from "../ports/message-store.js";
import type { RunStore } from "../ports/run-store.js";
import type { JsonObject } from "../util/json.js";
import { createRootFinder, type PastRun, readRuns, readSentMessages, type TriggerNameFinder } from "./read-runs.js";
import { readAwaitedEvents, readLateness, readMembershipChanges, readRequests } from "./read-step-records.js";
import {
  isInRange,
  type RecordedCancellation,
  type RecordedEngagement,
  type RecordedHistory,
  type RecordedTrigger,
  type ReplayRange,
  type SentMessage,
  toRunKey,
} from "./recorded-history.js";

/** Steps whose effects are already part of the recipients that are known now. */
const PROPERTY_STEPS: readonly string[] = ["update_user", "update_object", "update_tenant"];
export const RECIPIENT_STEPS: readonly string[] = [...PROPERTY_STEPS, "update_audience"];

/** Returns a sentence for each workflow that changes recipients, because its replay starts with the changed data. */
function noteRecipientChanges(runs: readonly PastRun[], types: readonly string[]): string[] {
  const versions = new Map(runs.map(({ run, version }) => [run.workflow, version]));
  return [...versions].flatMap(([key, { steps }]) =>
    [...walkSteps(steps)].some(({ step }) => types.includes(step.type))
      ? [`${key} changes recipients: its replay starts with their data of now, which may cause differences`]
      : [],
  );
}

/** Returns whether a run was started by a step or by an audience that a step changed, and so is started again. */
function isStartedByStep({ trigger_source }: WorkflowRun): boolean {
  return trigger_source.type === "workflow_step" || (trigger_source.depth ?? 0) > 0;
}

function groupByWorkflowRun(runs: readonly PastRun[]): Map<string, [PastRun, ...PastRun[]]> {
  const groups = new Map<string, [PastRun, ...PastRun[]]>();
  for (const run of runs) {
    const group = groups.get(run.run.id);
    if (group === undefined) groups.set(run.run.id, [run]);
    else group.push(run);
  }
  return groups;
}

/** Returns the trigger that started a workflow run. Subscribers are reached again through their object. */
function buildTrigger(
  runs: readonly [PastRun, ...PastRun[]],
  getData: (run: PastRun) => JsonObject | null,
): RecordedTrigger {
  const { run } = runs[0];
  const { branch = null, ...settings } = run.settings;
  const recipients = runs
    .filter(({ recipientRun }) => recipientRun.via === null)
    .map((stored) => ({ key: stored.recipientRun.recipient, upsert: null, trigger_data: getData(stored) }));
  return {
    name: run.id,
    at: run.inserted_at,
    branch,
    trigger: {
      workflow: run.workflow,
      recipients,
      actor: run.actor === null ? null : { key: run.actor, upsert: null },
      tenant: run.tenant === null ? null : { id: run.tenant, upsert: null },
      data: run.data,
      cancellation_key: run.cancellation_key,
      settings,
      payload: {},
    },
  };
}

/** The events of a run that a cancellation ended, or whose activity it removed from a batch. */
const CANCELLATION_EVENTS: ReadonlySet<string> = new Set(["run_cancelled", LEFT_BATCH_EVENT]);

/** Returns the cancellations that had an effect on runs, each with the recipients of these runs. */
function buildCancellations(runs: readonly PastRun[]): RecordedCancellation[] {
  const cancellations = new Map<string, RecordedCancellation & { triggers: Set<string> }>();
  for (const { run, recipientRun } of runs) {
    const { workflow, cancellation_key, settings } = run;
    if (cancellation_key === null) continue;
    for (const { event, data, at } of recipientRun.events) {
      if (!CANCELLATION_EVENTS.has(event) || data?.reason !== "cancelled") continue;
      const key = JSON.stringify([at, workflow, cancellation_key, settings.branch]);
      const known = cancellations.get(key);
      if (known !== undefined) {
        known.cancellation.recipients?.push(recipientRun.recipient);
        known.triggers.add(run.id);
        continue;
      }
      const branch = settings.branch === undefined ? {} : { branch: settings.branch };
      const cancellation = { workflow, cancellation_key, recipients: [recipientRun.recipient], ...branch };
      cancellations.set(key, { at, cancellation, triggers: new Set([run.id]) });
    }
  }
  return [...cancellations.values()];
}

/** The events of a run that an error of the store failed. */
const FAILURE_EVENTS: ReadonlySet<string> = new Set(["step_failed", "step_retried"]);

/**
 * Returns the time from which the messages of a run are not known, or null if it has ended: a run that is due or that an error
 * failed did not do yet what its replay does, and others wait until after `now`.
 */
function findUnknownTime({ run, recipientRun }: PastRun, now: number): number | null {
  const { status, due_at, events } = recipientRun;
  if (status === "completed" || status === "cancelled") return null;
  if (status !== "failed") return Math.min(due_at ?? now + 1, now + 1);
  return (events.findLast(({ event }) => !FAILURE_EVENTS.has(event))?.at ?? run.inserted_at) + 1;
}

/** Returns the times from which the messages of unfinished runs are not known, by {@link toRunKey}. */
function findUnknownTimes(
  runs: readonly PastRun[],
  now: number,
  getTriggerName: TriggerNameFinder,
): Map<string, number> {
  const times = new Map<string, number>();
  for (const past of runs) {
    const at = findUnknownTime(past, now);
    if (at === null) continue;
    const key = toRunKey(getTriggerName(past.run.id) ?? null, past.recipientRun.recipient);
    times.set(key, Math.min(times.get(key) ?? at, at));
  }
  return times;
}

/** Returns a message with the lateness of its own run and of the run that started it. */
function addLateness(message: SentMessage, lateness: ReadonlyMap<string, number>): SentMessage {
  const { trigger, workflowRunId } = message;
  const own = lateness.get(workflowRunId) ?? 0;
  const total = own + (trigger === null || trigger === workflowRunId ? 0 : (lateness.get(trigger) ?? 0));
  return total === 0 ? message : { ...message, lateness: total };
}

/** The past runs of a store or an account, before they become triggers. */
interface PastEvents {
  /** Oldest first. */
  runs: readonly PastRun[];
  range: ReplayRange;
  /** The time until which the messages are known, in milliseconds. */
  now: number;
  /** The known gaps, one sentence each. */
  notes: readonly string[];
  /** The types of steps whose changes of recipients are not undone before the replay. */
  unknownChanges: readonly string[];
  /** Returns the own trigger data of a run, or null if it has the data of the whole trigger. */
  getTriggerData(run: PastRun): JsonObject | null;
  readMessages(
    getTriggerName: TriggerNameFinder,
  ): Promise<{ messages: SentMessage[]; engagements: RecordedEngagement[] }>;
}

/** Builds the triggers in a range from past runs, with the messages and cancellations that followed. */
export async function buildHistory(past: PastEvents): Promise<RecordedHistory> {
  const { runs, range, now, notes } = past;
  const findRoot = createRootFinder(runs);
  const groups = groupByWorkflowRun(runs);
  const triggers: RecordedTrigger[] = [];
  let broadcasts = 0;
  for (const group of groups.values()) {
    const { run } = group[0];
    if (!isInRange(range, run.inserted_at, run.workflow) || isStartedByStep(run)) continue;
    if (run.trigger_source.type === "broadcast") broadcasts++;
    else triggers.push(buildTrigger(group, past.getTriggerData));
  }
  triggers.sort((a, b) => a.at - b.at);
  const names = new Set(triggers.map(({ name }) => name));
  const isReplayed = (id: string): boolean => names.has(findRoot(id));
  const getTriggerName = (id: string): string | null | undefined => {
    if (isReplayed(id)) return findRoot(id);
    const started = groups.get(id)?.[0].run;
    // An audience that a step changed does not name the run of that step.
    const isByAudience = started?.trigger_source.type === "audience" && isStartedByStep(started);
    return isByAudience && range.workflows.length === 0 ? null : undefined;
  };
  const replayed = runs.filter(({ run }) => getTriggerName(run.id) !== undefined);
  const { messages, engagements } = await past.readMessages(getTriggerName);
  const lateness = readLateness(replayed);
  const hasNoSelection = range.workflows.length === 0;
  return {
    triggers,
    cancellations: buildCancellations(replayed),
    engagements,
    events: readAwaitedEvents(replayed, {
      getTriggerName: findRoot,
      isReplayed: (workflow) => hasNoSelection || range.workflows.includes(workflow),
    }),
    requests: readRequests(replayed),
    memberships: readMembershipChanges(replayed),
    messages: messages.map((message) => addLateness(message, lateness)),
    // The clock of the store may have been moved back.
    until: Math.max(now, ...messages.slice(-1).map(({ at }) => at)),
    unknownFrom: findUnknownTimes(replayed, now, getTriggerName),
    notes: [
      ...notes,
      ...(broadcasts === 0
        ? []
        : [`${broadcasts === 1 ? "1 broadcast is" : `${broadcasts} broadcasts are`} not replayed`]),
      ...noteRecipientChanges(replayed, past.unknownChanges),
    ],
  };
}

/** Reads the triggers of a store, and the messages that they led to until `now`. Nothing is written. */
export async function readStoredHistory(
  store: MessageStore & RunStore,
  range: ReplayRange,
  now: number,
): Promise<RecordedHistory> {
  return buildHistory({
    runs: await readRuns(store, range.since, (run) => run),
    range,
    now,
    notes: [],
    unknownChanges: PROPERTY_STEPS,
    getTriggerData: ({ recipientRun, version }) => getTriggerData(recipientRun, version.steps),
    readMessages: (getTriggerName) => readSentMessages(store, { getTriggerName, since: range.since }),
  });
}
