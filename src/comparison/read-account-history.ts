import { type RecipientKey, type RecipientUpsert, TENANTS, toRecipientKey } from "../domain/recipient/recipient.js";
import type { Subscription } from "../domain/recipient/subscription.js";
import { parseRecipientReference } from "../domain/run/message-outcomes.js";
import { REQUESTING_STEPS } from "../domain/run/sends-request.js";
import { isBatchStep } from "../domain/step-types/batch-step.js";
import { isTriggerWorkflowType } from "../domain/step-types/trigger-workflow-step.js";
import { walkSteps } from "../domain/step-types/walk-steps.js";
import { KnockError } from "../errors/knock-error.js";
import type { ResourceOperations } from "../ports/resource-operations.js";
import type { RunHistory } from "../ports/run-history.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { type AccountMessage, assignTriggerData } from "./assign-trigger-data.js";
import { mapConcurrently } from "./map-concurrently.js";
import { type AccountRun, parseTime, readAccountRuns, toText } from "./read-account-runs.js";
import type { PastRun, TriggerNameFinder } from "./read-runs.js";
import { buildHistory, RECIPIENT_STEPS } from "./read-stored-history.js";
import type { RecordedEngagement, RecordedHistory, ReplayRange, SentMessage } from "./recorded-history.js";

/** The times of engagements in a message, and what they mean. */
const ENGAGEMENT_TIMES = [
  ["seen_at", "seen"],
  ["read_at", "read"],
  ["interacted_at", "interacted"],
  ["link_clicked_at", "link_clicked"],
  ["archived_at", "archived"],
] as const;

interface AccountHistoryOptions {
  range: ReplayRange & { since: number; until: number };
  /** Limits the recipient runs. */
  limit: number;
  /** The present time, in milliseconds. */
  now: number;
  /** Whether contents are compared. If not, they are not read. */
  readsContent: boolean;
  /** Reads recipients. `channelIds` are the account's IDs of channels by their key. */
  readRecipients(
    keys: ReadonlySet<RecipientKey>,
    channelIds: ReadonlyMap<string, string>,
  ): Promise<{ recipients: RecipientUpsert[]; subscriptions: Subscription[]; notes: string[] }>;
  /** Returns the current steps of a workflow, because the API does not show the steps of a run's version. */
  readSteps(workflow: string): Promise<PastRun["version"]["steps"]>;
  setProgress(text: string): void;
}

interface AccountHistory {
  history: RecordedHistory;
  /** The recipients, actors and tenants, including those that the account does not know. */
  keys: ReadonlySet<RecipientKey>;
  recipients: RecipientUpsert[];
  subscriptions: Subscription[];
}

const isStepRun = ({ run }: AccountRun): boolean => run.trigger_source.type === "workflow_step";

/** Returns whether the events of a run show which run one of its steps started. */
const namesStartedRun = ({ recipientRun }: AccountRun): boolean =>
  recipientRun.events.some(({ step_type, data }) => isTriggerWorkflowType(step_type) && data?.workflow_run_id != null);

/** Returns the recipients, actors and tenants of runs. */
function listParties(runs: readonly AccountRun[]): Set<RecipientKey> {
  return new Set(
    runs.flatMap(({ run, recipientRun }) => [
      recipientRun.recipient,
      ...(run.actor === null ? [] : [run.actor]),
      ...(run.tenant === null ? [] : [toRecipientKey({ collection: TENANTS, id: run.tenant })]),
    ]),
  );
}

/**
 * Notes in runs the subscriptions through which they were started. Returns these subscriptions, because a subscriber without
 * a run was added later.
 */
function assignSubscriptions(runs: readonly AccountRun[], subscriptions: readonly Subscription[]): Subscription[] {
  const byRecipient = new Map<RecipientKey, Subscription[]>();
  for (const subscription of subscriptions)
    byRecipient.set(subscription.recipient, [...(byRecipient.get(subscription.recipient) ?? []), subscription]);
  const reached = new Set(runs.map(({ run, recipientRun }) => `${run.id} ${recipientRun.recipient}`));
  const used = new Set<Subscription>();
  for (const { run, recipientRun } of runs) {
    const candidates = byRecipient.get(recipientRun.recipient) ?? [];
    recipientRun.via = candidates.find(({ object }) => reached.has(`${run.id} ${object}`)) ?? null;
    if (recipientRun.via !== null) used.add(recipientRun.via);
  }
  return [...used];
}

/**
 * Returns the data that only the run of a recipient had. The API shows that of a message, to which steps may have added data. They do
 * so again, so it is left out, except for the responses of requests.
 */
function getAccountData({ recipientRun, version }: PastRun): JsonObject | null {
  const types = new Set<string>([...walkSteps(version.steps)].map(({ step }) => step.type));
  const isReplaced = types.has("update_data") && ![...REQUESTING_STEPS].some((type) => types.has(type));
  return isReplaced ? null : recipientRun.data;
}

const count = (amount: number, one: string, many: string): string =>
  amount === 1 ? `1 ${one}` : `${amount.toLocaleString("en-US")} ${many}`;

/** Reads the messages of runs, with the triggers of batches. */
async function readMessages(
  history: RunHistory,
  runs: readonly AccountRun[],
  setProgress: (text: string) => void,
): Promise<AccountMessage[]> {
  const byId = new Map(runs.map((run) => [run.recipientRun.id, run]));
  const ids = [...new Set(runs.map(({ run }) => run.id))];
  let read = 0;
  const listed = await mapConcurrently(ids, async (id) => {
    const messages = await history.listMessages(id);
    setProgress(`reading the account: messages of ${++read} of ${ids.length} triggers`);
    return messages;
  });
  return mapConcurrently(
    listed.flat().flatMap((message) => {
      const source = isJsonObject(message.source) ? message.source : {};
      const run = byId.get(String(source.workflow_recipient_run_id));
      return run === undefined ? [] : [{ run, message }];
    }),
    async ({ run, message }) => {
      const isBatch =
        run.recipientRun.events.some(({ event }) => event.startsWith("batch")) ||
        [...walkSteps(run.version.steps)].some(({ step }) => isBatchStep(step));
      return { run, message, activities: isBatch ? await history.readActivities(String(message.id)) : [] };
    },
  );
}

function toSentMessage(
  { run, message }: AccountMessage,
  trigger: string | null,
  content: JsonObject | null,
): SentMessage {
  const channel = isJsonObject(message.channel) ? message.channel : {};
  const source = isJsonObject(message.source) ? message.source : {};
  return {
    id: String(message.id),
    workflowRunId: run.run.id,
    recipientRunId: run.recipientRun.id,
    trigger,
    recipient: parseRecipientReference(message.recipient),
    workflow: run.run.workflow,
    step: toText(source.step_ref) ?? "",
    channel: { key: toText(channel.key) ?? String(channel.id), type: String(channel.type) },
    tenant: toText(message.tenant),
    status: String(message.status),
    at: parseTime(message.inserted_at),
    ...(typeof message.scheduled_at === "string" ? { scheduledAt: parseTime(message.scheduled_at) } : {}),
    content: content ?? {},
    ...(content === null ? { isContentUnknown: true as const } : {}),
  };
}

function listEngagements({ message }: AccountMessage, sent: SentMessage): RecordedEngagement[] {
  return ENGAGEMENT_TIMES.flatMap(([field, action]) =>
    typeof message[field] === "string" ? [{ at: parseTime(message[field]), action, message: sent }] : [],
  );
}

function findChannelIds(messages: readonly AccountMessage[]): Map<string, string> {
  const ids = new Map<string, string>();
  for (const { message } of messages) {
    const channel = isJsonObject(message.channel) ? message.channel : {};
    if (typeof channel.key === "string") ids.set(channel.key, String(channel.id));
  }
  return ids;
}

/** Reads the triggers of an account, their messages and what is known about their recipients. Sends only GET requests. */
export async function readAccountHistory(
  resources: ResourceOperations,
  options: AccountHistoryOptions,
): Promise<AccountHistory> {
  const { range, limit, now, readsContent, setProgress } = options;
  const source = resources.history;
  if (source === undefined) throw new KnockError("not_supported", "this target has no history");
  const { runs, hasMore } = await readAccountRuns(source, range, limit, setProgress);
  const steps = new Map<string, PastRun["version"]["steps"]>();
  for (const { run } of runs)
    if (!steps.has(run.workflow)) steps.set(run.workflow, await options.readSteps(run.workflow));
  for (const entry of runs) entry.version = { steps: steps.get(entry.run.workflow) ?? [] };
  const messages = await readMessages(source, runs, setProgress);
  const known = assignTriggerData(runs, messages);
  const keys = listParties(known);
  const { recipients, subscriptions, notes } = await options.readRecipients(keys, findChannelIds(messages));
  const usedSubscriptions = assignSubscriptions(known, subscriptions);
  const unknown = new Set(runs.map(({ run }) => run)).size - new Set(known.map(({ run }) => run)).size;
  const missing = { contents: 0 };
  const stepRuns = runs.filter(isStepRun).length;
  const ignoresStepRuns = range.workflows.length > 0 || (stepRuns > 0 && !runs.some(namesStartedRun));
  const history = await buildHistory({
    runs: known,
    range,
    now,
    notes: [],
    unknownChanges: RECIPIENT_STEPS,
    getTriggerData: getAccountData,
    readMessages: (getTriggerName) => readContents(source, messages, getTriggerName),
  });
  async function readContents(from: RunHistory, all: readonly AccountMessage[], getTriggerName: TriggerNameFinder) {
    const sent: SentMessage[] = [];
    const engagements: RecordedEngagement[] = [];
    let read = 0;
    await mapConcurrently(all, async (entry) => {
      const trigger = getTriggerName(entry.run.run.id);
      if (trigger === undefined || (ignoresStepRuns && isStepRun(entry.run))) return;
      const content = readsContent ? await from.readContent(String(entry.message.id)) : {};
      setProgress(`reading the account: contents of ${++read} of ${all.length} messages`);
      if (content === null) missing.contents++;
      const message = toSentMessage(entry, trigger, content);
      sent.push(message);
      engagements.push(...listEngagements(entry, message));
    });
    return { messages: sent.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)), engagements };
  }
  const gaps = [
    ...(hasMore
      ? [
          `only the newest ${count(runs.length, "recipient run is", "recipient runs are")} replayed: use --limit for more`,
        ]
      : []),
    ...(unknown === 0
      ? []
      : [
          `${count(unknown, "trigger is", "triggers are")} not replayed: the API shows the data of a trigger only with its messages`,
        ]),
    ...(stepRuns === 0 || !ignoresStepRuns
      ? []
      : [`${count(stepRuns, "run that a step started is", "runs that steps started are")} not compared`]),
    ...(missing.contents === 0
      ? []
      : [
          `${count(missing.contents, "message is", "messages are")} compared without content, which is no longer available`,
        ]),
  ];
  return {
    history: { ...history, ignoresStepRuns, notes: [...gaps, ...notes, ...history.notes] },
    keys,
    recipients,
    subscriptions: usedSubscriptions,
  };
}
