import { ENGAGEMENT_ACTIONS, type EngagementAction, type Message } from "../domain/message/message.js";
import { toRecipientReference } from "../domain/recipient/recipient.js";
import type { RecipientRun, WorkflowRun } from "../domain/run/workflow-run.js";
import { KnockError } from "../errors/knock-error.js";
import type { MessageStore } from "../ports/message-store.js";
import type { Paged, PageRequest } from "../ports/page-request.js";
import type { RunStore, StoredRun } from "../ports/run-store.js";
import type { RecordedEngagement, SentMessage } from "./recorded-history.js";

/** Pages of 500 need 40 MB more memory in a replay of 10,000 triggers, and take as long. */
const PAGE_SIZE = 100;
/** Limits the recipient runs that are read into memory. */
const MAX_RECIPIENT_RUNS = 200_000;
/** The type of the steps that start workflow runs. */
const STARTING_STEP = "trigger_workflow";

/** The parts of a past run that a replay needs. */
export interface PastRun {
  run: WorkflowRun;
  recipientRun: Pick<RecipientRun, "id" | "recipient" | "data" | "via" | "events" | "status" | "due_at">;
  version: Pick<StoredRun["version"], "steps">;
}

/** A run whose steps may have started other workflow runs. */
interface StartingRun {
  run: Pick<WorkflowRun, "id">;
  recipientRun: Pick<RecipientRun, "events">;
}

/** Yields the items of all pages, newest first. */
async function* listAll<T>(readPage: (page: PageRequest) => Promise<Paged<T>>): AsyncGenerator<T> {
  for (let after: string | undefined; ; ) {
    const { items, page_info } = await readPage({ limit: PAGE_SIZE, after });
    yield* items;
    if (page_info.after === null) return;
    after = page_info.after;
  }
}

/** Returns a part of each recipient run since a time, oldest first. Throws `usage` if there are too many to compare. */
export async function readRuns<T>(store: RunStore, since: number | null, pick: (run: StoredRun) => T): Promise<T[]> {
  const runs: T[] = [];
  const query = since === null ? {} : { starting_at: since };
  for await (const run of listAll((page) => store.listRecipientRuns(query, page))) {
    if (runs.length === MAX_RECIPIENT_RUNS)
      throw new KnockError(
        "usage",
        `more than ${MAX_RECIPIENT_RUNS.toLocaleString("en-US")} recipient runs to replay`,
        { hint: "Use --since to replay fewer of them." },
      );
    runs.push(pick(run));
  }
  return runs.reverse();
}

/** Returns the part of a run of a replay that a comparison needs. The other parts take most of the memory. */
export function toReplayedRun({ run, recipientRun }: StoredRun) {
  const { recipient, reason, steps, events } = recipientRun;
  const started = events.filter(({ step_type }) => step_type === STARTING_STEP);
  return { run: { id: run.id, workflow: run.workflow }, recipientRun: { recipient, reason, steps, events: started } };
}

/** Returns a function that returns the ID of the workflow run that, through its steps, started a workflow run. */
export function createRootFinder(runs: readonly StartingRun[]): (workflowRunId: string) => string {
  const parents = new Map<string, string>();
  for (const { run, recipientRun } of runs)
    for (const { step_type, data } of recipientRun.events)
      if (step_type === STARTING_STEP && typeof data?.workflow_run_id === "string")
        parents.set(data.workflow_run_id, run.id);
  return (id) => {
    let root = id;
    for (let parent = parents.get(root); parent !== undefined; parent = parents.get(root)) root = parent;
    return root;
  };
}

/** Returns the name of the trigger of a workflow run, null for a run without one, and undefined to leave it out. */
export type TriggerNameFinder = (workflowRunId: string) => string | null | undefined;

interface MessageSelection {
  getTriggerName: TriggerNameFinder;
  /** Milliseconds; null for all messages. */
  since: number | null;
  /** The workflows whose messages have no content in the result. */
  countedWorkflows?: ReadonlySet<string> | undefined;
}

/** Returns a stored message. `trigger` is the name of its trigger. */
function toSentMessage(message: Message, trigger: string | null): SentMessage {
  const { id, workflow_run_id, recipient_run_id, recipient, workflow, step_ref, channel, tenant, status, content } =
    message;
  const { scheduled_at: scheduledAt } = message;
  return {
    id,
    workflowRunId: workflow_run_id,
    recipientRunId: recipient_run_id,
    trigger,
    recipient: toRecipientReference(recipient),
    workflow,
    step: step_ref,
    channel: { key: channel.key, type: channel.type },
    tenant,
    status,
    at: message.inserted_at,
    ...(scheduledAt === null ? {} : { scheduledAt }),
    content,
  };
}

const isEngagement = (type: string): type is EngagementAction => ENGAGEMENT_ACTIONS.some((action) => action === type);

/** Returns the selected messages in order of time, and the engagements with them. */
export async function readSentMessages(
  store: MessageStore,
  { getTriggerName, since, countedWorkflows }: MessageSelection,
): Promise<{ messages: SentMessage[]; engagements: RecordedEngagement[] }> {
  const messages: SentMessage[] = [];
  const engagements: RecordedEngagement[] = [];
  const query = since === null ? {} : { inserted_at: { gte: since } };
  for await (const stored of listAll((page) => store.listMessages(query, page))) {
    // The message of a guide belongs to no run.
    const trigger = stored.source === undefined ? getTriggerName(stored.workflow_run_id) : undefined;
    if (trigger === undefined) continue;
    const message = toSentMessage(stored, trigger);
    if (countedWorkflows?.has(message.workflow)) message.content = {};
    messages.push(message);
    for (const { type, at } of stored.events) if (isEngagement(type)) engagements.push({ at, action: type, message });
  }
  return { messages: messages.reverse().sort((a, b) => a.at - b.at), engagements };
}
