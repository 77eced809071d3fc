import { getChannelId } from "../../../src/domain/environment/environment.js";
import type { Message } from "../../../src/domain/message/message.js";
import { type RecipientKey, toGid, toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { RecipientRun, WorkflowRun } from "../../../src/domain/run/workflow-run.js";
import type { Workflow } from "../../../src/domain/workflow/workflow.js";
import type { SavedAdvance } from "../../../src/ports/run-store.js";
import type { Store } from "../../../src/ports/store.js";
import type { NewWorkflowRun } from "../../../src/ports/trigger-store.js";
import { createKsuid, createUuidV5, systemIds } from "../../../src/util/ids.js";

/** The contract's current time: November 24, 2026, 10:05 UTC. */
export const NOW = Date.UTC(2026, 10, 24, 10, 5);
export const HOUR = 3_600_000;

export const user = (id: string): RecipientKey => toRecipientKey(id);

export function sampleVersion(key: string, over: Partial<Workflow> = {}): Workflow {
  return {
    key,
    version_id: createUuidV5("0f0a3a9e-60f5-4b0e-8f83-6f3f6f1f2f6d", key),
    name: `The ${key}`,
    categories: ["collab"],
    conditions: null,
    trigger_frequency: "every_trigger",
    trigger_data_json_schema: null,
    settings: { is_commercial: false, override_preferences: false },
    active: true,
    trigger: null,
    steps: [
      {
        type: "delay",
        ref: "delay_1",
        name: null,
        conditions: null,
        settings: { delay_for: { unit: "minutes", value: 30 }, delay_until_field_path: null },
      },
    ],
    ...over,
  };
}

export function sampleMessage(run: WorkflowRun, recipientRun: RecipientRun, over: Partial<Message> = {}): Message {
  const at = recipientRun.inserted_at;
  return {
    id: createKsuid(at, systemIds.ksuidPayload()),
    workflow_run_id: run.id,
    recipient_run_id: recipientRun.id,
    recipient: recipientRun.recipient,
    actor: run.actor,
    workflow: run.workflow,
    version_id: run.version_id,
    categories: ["collab"],
    step_ref: "in_app_feed_1",
    tenant: run.tenant,
    channel: {
      id: getChannelId("in-app-feed"),
      key: "in-app-feed",
      type: "in_app_feed",
      provider: "in_app_feed_knock",
    },
    status: "delivered",
    content: {
      __typename: "MessageInAppFeedContent",
      blocks: [{ type: "markdown", name: "body", content: "Hi {{ recipient.name }}", rendered: "<p>Hi ✓</p>" }],
    },
    data: run.data,
    recipient_snapshot: null,
    metadata: null,
    scheduled_at: null,
    due_at: null,
    attempts: 0,
    seen_at: null,
    read_at: null,
    interacted_at: null,
    link_clicked_at: null,
    archived_at: null,
    events: [
      { type: "created", at, data: null },
      { type: "queued", at, data: null },
      { type: "delivered", at, data: null },
    ],
    inserted_at: at,
    updated_at: at,
    ...over,
  };
}

export function sampleRecipientRun(
  run: WorkflowRun,
  recipient: RecipientKey,
  over: Partial<RecipientRun> = {},
): RecipientRun {
  return {
    id: createUuidV5(run.id, toGid(recipient)),
    workflow_run_id: run.id,
    recipient,
    status: "completed",
    position: null,
    due_at: null,
    data: null,
    via: null,
    steps: [],
    reason: null,
    events: [
      {
        event: "run_started",
        status: "ok",
        step_ref: null,
        step_type: null,
        attempt: 1,
        data: null,
        at: run.inserted_at,
      },
      {
        event: "step_failed",
        status: "error",
        step_ref: "email_1",
        step_type: "channel",
        attempt: 3,
        data: { error: "no" },
        at: run.inserted_at + 7,
      },
    ],
    error_count: 1,
    inserted_at: run.inserted_at,
    updated_at: run.inserted_at,
    ...over,
  };
}

/** Returns the fields of a run that waits at its delay. */
export function waitingAt(due_at: number): Partial<RecipientRun> {
  return {
    status: "paused",
    position: [0],
    due_at,
    steps: [
      {
        ref: "in_app_feed_1",
        type: "channel",
        channel_type: "in_app_feed",
        channel: "in-app-feed",
        outcome: "sent",
        reason: null,
        message_id: "m",
      },
      { ref: "delay_1", type: "delay", outcome: "waiting", reason: null, until: new Date(due_at).toISOString() },
    ],
  };
}

interface SampleTrigger {
  workflow?: string;
  version?: Workflow;
  recipients: string[];
  run?: Partial<WorkflowRun>;
  recipientRun?: Partial<RecipientRun>;
  /** The values of one message per recipient; null for no messages. */
  message?: Partial<Message> | null;
  rest?: Partial<Pick<NewWorkflowRun, "frequencyRecords" | "throttles" | "idempotency" | "unidentified">>;
}

export function sampleTrigger(sample: SampleTrigger): NewWorkflowRun {
  const version = sample.version ?? sampleVersion(sample.workflow ?? "new-comment");
  const run: WorkflowRun = {
    id: systemIds.uuid(),
    workflow: version.key,
    version_id: version.version_id,
    actor: user("alan"),
    tenant: null,
    data: { page: "Home", nested: { list: [1, null, "é"] } },
    cancellation_key: null,
    settings: { sandbox_mode: false, skip_delay: true },
    trigger_source: { type: "api" },
    inserted_at: NOW,
    ...sample.run,
  };
  const recipientRuns = sample.recipients.map((id) =>
    sampleRecipientRun(run, id.includes("/") ? (id as RecipientKey) : user(id), sample.recipientRun),
  );
  const { message } = sample;
  const messages =
    message === null
      ? []
      : recipientRuns.map((recipientRun) =>
          sampleMessage(run, recipientRun, { ...message, categories: version.categories }),
        );
  return {
    run,
    version,
    recipientRuns,
    messages,
    frequencyRecords: [],
    throttles: [],
    idempotency: null,
    unidentified: [],
    fanOut: null,
    batches: new Map(),
    upserts: [],
    triggers: [],
    ...sample.rest,
  };
}

/** The start of the window of idempotency keys, 24 hours before {@link NOW}. */
export const SINCE = NOW - 24 * HOUR;

export async function insertSample(store: Store, sample: SampleTrigger): Promise<NewWorkflowRun> {
  const newRun = sampleTrigger(sample);
  const result = await store.insertWorkflowRun(newRun, SINCE);
  if (result.outcome !== "inserted") throw new Error(`not inserted: ${result.outcome}`);
  return newRun;
}

/** Saves advances that consist of a run and its messages, and returns the IDs of the saved runs. */
export async function saveAll(
  store: Store,
  advances: readonly { recipientRun: RecipientRun; messages: Message[] }[],
  token: string,
): Promise<Set<string>> {
  const savedAdvances = advances.map(
    (one): SavedAdvance => ({ ...one, batch: null, upserts: [], triggers: [], version: null, revision: 0 }),
  );
  return (await store.saveAdvances(savedAdvances, token, NOW)).saved;
}
