import {
  isInRange,
  type RecordedCancellation,
  type RecordedEngagement,
  type RecordedHistory,
  type RecordedTrigger,
  type ReplayRange,
  type SentMessage,
} from "../domain/replay/recorded-history.js";
import type { WorkflowRun } from "../domain/run/workflow-run.js";
import { walkSteps } from "../domain/steps/walk-steps.js";
import type { Trigger } from "../domain/trigger/trigger.js";
import type { MessageStore } from "../ports/message-store.js";
import type { RunStore } from "../ports/run-store.js";
import { createRootFinder, type PastRun, readRuns, readSentMessages, type TriggerNameFinder } from "./read-runs.js";

/** Steps whose requests are not sent again, so that the data of the run must already contain the responses. */
const REQUEST_STEPS: ReadonlySet<string> = new Set(["http_fetch", "ai_agent"]);

/** Steps whose effects are already part of the recipients that the store knows now. */
export const RECIPIENT_STEPS: ReadonlySet<string> = new Set([
  "update_user",
  "update_object",
  "update_tenant",
  "update_audience",
]);

/** Returns a sentence for each workflow that changes recipients, because its replay starts with the changed data. */
function noteRecipientChanges(runs: readonly PastRun[]): string[] {
  const versions = new Map(runs.map(({ run, version }) => [run.workflow, version]));
  return [...versions].flatMap(([key, { steps }]) =>
    [...walkSteps(steps)].some(({ step }) => RECIPIENT_STEPS.has(step.type))
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

/**
 * Returns the data that only the run of a recipient had. Steps that change data do so again, so their results are left out,
 * except for the responses of requests.
 */
function getOwnData({ recipientRun, version }: PastRun): RecordedTriggerData {
  const types = new Set([...walkSteps(version.steps)].map(({ step }) => step.type));
  const isReplaced = types.has("update_data") && ![...REQUEST_STEPS].some((type) => types.has(type as never));
  return isReplaced ? null : recipientRun.data;
}

type RecordedTriggerData = Trigger["recipients"][number]["trigger_data"];

/** Returns the trigger that started a workflow run. Subscribers are reached again through their object. */
function buildTrigger(runs: readonly [PastRun, ...PastRun[]]): RecordedTrigger {
  const { run } = runs[0];
  const { branch = null, ...settings } = run.settings;
  const recipients = runs
    .filter(({ recipientRun }) => recipientRun.via === null)
    .map((stored) => ({ key: stored.recipientRun.recipient, upsert: null, trigger_data: getOwnData(stored) }));
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

/** Returns the cancellations that ended runs, each with the recipients whose runs it ended. */
function buildCancellations(runs: readonly PastRun[]): RecordedCancellation[] {
  const cancellations = new Map<string, RecordedCancellation & { triggers: Set<string> }>();
  for (const { run, recipientRun } of runs) {
    const event = recipientRun.events.find(({ event: name }) => name === "run_cancelled");
    if (event === undefined || run.cancellation_key === null || event.data?.reason !== "cancelled") continue;
    const { workflow, cancellation_key, settings } = run;
    const key = JSON.stringify([event.at, workflow, cancellation_key, settings.branch]);
    const known = cancellations.get(key);
    if (known !== undefined) {
      known.cancellation.recipients?.push(recipientRun.recipient);
      known.triggers.add(run.id);
      continue;
    }
    const branch = settings.branch === undefined ? {} : { branch: settings.branch };
    const cancellation = { workflow, cancellation_key, recipients: [recipientRun.recipient], ...branch };
    cancellations.set(key, { at: event.at, cancellation, triggers: new Set([run.id]) });
  }
  return [...cancellations.values()];
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
  readMessages(
    getTriggerName: TriggerNameFinder,
  ): Promise<{ messages: SentMessage[]; engagements: RecordedEngagement[] }>;
}

/** Builds the triggers in a range from past runs, with the messages and cancellations that followed. */
export async function buildHistory({ runs, range, now, notes, readMessages }: PastEvents): Promise<RecordedHistory> {
  const findRoot = createRootFinder(runs);
  const groups = groupByWorkflowRun(runs);
  const triggers: RecordedTrigger[] = [];
  let broadcasts = 0;
  for (const group of groups.values()) {
    const { run } = group[0];
    if (!isInRange(range, run.inserted_at, run.workflow) || isStartedByStep(run)) continue;
    if (run.trigger_source.type === "broadcast") broadcasts++;
    else triggers.push(buildTrigger(group));
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
  return {
    triggers,
    cancellations: buildCancellations(runs.filter(({ run }) => isReplayed(run.id))),
    ...(await readMessages(getTriggerName)),
    until: now,
    notes: [
      ...notes,
      ...(broadcasts === 0
        ? []
        : [`${broadcasts === 1 ? "1 broadcast is" : `${broadcasts} broadcasts are`} not replayed`]),
      ...noteRecipientChanges(runs.filter(({ run }) => isReplayed(run.id))),
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
    runs: await readRuns(store, range.since),
    range,
    now,
    notes: [],
    readMessages: (getTriggerName) => readSentMessages(store, { getTriggerName, since: range.since }),
  });
}
