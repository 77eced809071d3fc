import type { Message } from "../src/domain/message/message.js";
import { type RecipientKey, toGid, toRecipientKey } from "../src/domain/recipient/recipient.js";
import type { RecipientRun, WorkflowRun } from "../src/domain/run/workflow-run.js";
import { parseWorkflow } from "../src/domain/workflow/parse-workflow.js";
import type { Workflow } from "../src/domain/workflow/workflow.js";
import type { Store } from "../src/ports/store.js";
import { createKsuid, createUuidV5, systemIds } from "../src/util/ids.js";

/** The user whose feed has a tenth of all messages. */
export const HEAVY_USER = toRecipientKey("heavy");
/** The user, workflow, channel and statuses that only the oldest {@link RARE_ROWS} rows have. */
export const RARE_USER = toRecipientKey("rare");
export const RARE_WORKFLOW = "rare";
export const RARE_CHANNEL = "rare-sms";
export const RARE_ROWS = 3;

const RECIPIENTS_PER_TRIGGER = 1_000;
const USERS = 50_000;
const HEAVY_USER_EVERY = 10;
/** So many runs wait for a while, and their messages are queued: in each block of rows at least one. */
const WAITING_EVERY = 200;
const MAX_CLAIMED = 500;
const WORKFLOWS = ["new-comment", "invite", "mention", "weekly-summary", "new-login"];
const TENANTS = ["acme", "globex", null];
const BODY = "**{{ actor.name }}** commented on {{ page }}\n\nHello {{ recipient.name }}, have a look.\n";
const RENDERED = "<p><strong>Alan</strong> commented on Home</p>\n<p>Hello User 12345, have a look.</p>\n";
const FEED = { id: "0b0c0d0e-0000-4000-8000-000000000001", key: "in-app-feed", type: "in_app_feed", provider: "knock" };
const SMS = { id: "0b0c0d0e-0000-4000-8000-000000000002", key: RARE_CHANNEL, type: "sms", provider: "sms_twilio" };

const step = { ref: "feed_1", type: "channel", channel_key: "in-app-feed", channel_type: "in_app_feed" };
const versions = new Map(
  [...WORKFLOWS, RARE_WORKFLOW].map((key): [string, Workflow] => [
    key,
    parseWorkflow(key, { name: key, steps: [{ ...step, template: { markdown_body: BODY } }] }),
  ]),
);

function buildWorkflowRun(workflow: string, tenant: string | null, at: number): WorkflowRun {
  return {
    id: systemIds.uuid(),
    workflow,
    version_id: (versions.get(workflow) as Workflow).version_id,
    actor: toRecipientKey("alan"),
    tenant,
    data: { page: "Home" },
    cancellation_key: null,
    settings: { sandbox_mode: false, skip_delay: false },
    trigger_source: { type: "api" },
    inserted_at: at,
  };
}

function buildRecipientRun(
  run: WorkflowRun,
  recipient: RecipientKey,
  over: Partial<RecipientRun>,
  index: number,
): RecipientRun {
  const at = run.inserted_at;
  const event = { status: "ok", step_ref: null, step_type: null, attempt: 1, data: null, at } as const;
  const names = ["run_started", "step_started", "message_queued", "step_completed", "run_completed"];
  return {
    id: createUuidV5(run.id, `${toGid(recipient)} ${index}`),
    workflow_run_id: run.id,
    recipient,
    status: "completed",
    position: null,
    due_at: null,
    data: null,
    via: null,
    steps: [
      {
        ref: "feed_1",
        type: "channel",
        channel_type: "in_app_feed",
        channel: "in-app-feed",
        outcome: "sent",
        reason: null,
        message_id: "",
      },
    ],
    reason: null,
    events: names.map((name) => ({ ...event, event: name })),
    error_count: 0,
    inserted_at: at,
    updated_at: at,
    ...over,
  };
}

function buildMessage(run: WorkflowRun, recipientRun: RecipientRun, over: Partial<Message>): Message {
  const at = run.inserted_at;
  return {
    id: createKsuid(at, systemIds.ksuidPayload()),
    workflow_run_id: run.id,
    recipient_run_id: recipientRun.id,
    recipient: recipientRun.recipient,
    actor: run.actor,
    workflow: run.workflow,
    version_id: run.version_id,
    categories: [],
    step_ref: "feed_1",
    tenant: run.tenant,
    channel: FEED as Message["channel"],
    status: "delivered",
    content: {
      __typename: "MessageInAppFeedContent",
      blocks: [{ type: "markdown", name: "body", content: BODY, rendered: RENDERED }],
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

async function insertTrigger(
  store: Store,
  run: WorkflowRun,
  recipients: readonly RecipientKey[],
  overRun: (index: number) => Partial<RecipientRun>,
  over: (index: number) => Partial<Message>,
): Promise<void> {
  const recipientRuns = recipients.map((recipient, index) => buildRecipientRun(run, recipient, overRun(index), index));
  const messages = recipientRuns.map((recipientRun, index) => buildMessage(run, recipientRun, over(index)));
  const newRun = {
    run,
    version: versions.get(run.workflow) as Workflow,
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
  };
  await store.insertWorkflowRun(newRun, 0);
}

/** Completes the waiting runs and delivers the queued messages. */
async function endWaiting(store: Store): Promise<void> {
  const claim = { now: Date.now(), leaseMs: 60_000, token: "growth" };
  for (;;) {
    const claimed = await store.claimDueRuns(claim, MAX_CLAIMED);
    if (claimed.length === 0) break;
    const advances = claimed.map(({ recipientRun, revision }) => ({
      recipientRun: { ...recipientRun, status: "completed" as const, due_at: null },
      ...{ messages: [], batch: null, upserts: [], triggers: [], version: null, revision },
    }));
    await store.saveAdvances(advances, claim.token, claim.now);
  }
  for (;;) {
    const messages = await store.claimDueMessages(claim, MAX_CLAIMED);
    if (messages.length === 0) return;
    const delivered = messages.map((message) => ({ ...message, status: "delivered" as const, due_at: null }));
    await store.saveMessages(delivered, claim.token);
  }
}

/**
 * Inserts `count` runs, each with a message, through the store. Every tenth row belongs to {@link HEAVY_USER}. A third of all
 * messages is read, and another third seen. The first rows are the rare ones. Some runs waited, and no longer do.
 */
export async function fillStore(store: Store, count: number): Promise<void> {
  await store.deferDiskSync();
  const start = Date.now() - count;
  const rare = { ...buildWorkflowRun(RARE_WORKFLOW, "rare-tenant", start), cancellation_key: "rare" };
  for (let index = 0; index < RARE_ROWS; index++)
    await insertTrigger(
      store,
      { ...rare, id: systemIds.uuid() },
      [RARE_USER],
      () => ({ status: "cancelled" }),
      () => ({
        channel: SMS as Message["channel"],
        status: "undelivered",
      }),
    );
  for (let first = RARE_ROWS, trigger = 0; first < count; first += RECIPIENTS_PER_TRIGGER, trigger++) {
    const workflow = WORKFLOWS[trigger % WORKFLOWS.length] as string;
    const run = buildWorkflowRun(workflow, TENANTS[trigger % TENANTS.length] ?? null, start + first);
    const size = Math.min(RECIPIENTS_PER_TRIGGER, count - first);
    const at = run.inserted_at;
    const recipients = Array.from({ length: size }, (_, index) =>
      index % HEAVY_USER_EVERY === 0 ? HEAVY_USER : toRecipientKey(`user-${(first + index) % USERS}`),
    );
    const isWaiting = (index: number): boolean => (first + index) % WAITING_EVERY === 0;
    await insertTrigger(
      store,
      run,
      recipients,
      (index) => (isWaiting(index) ? { status: "paused", due_at: at } : {}),
      (index) => ({
        ...(index % 3 === 0 ? {} : { seen_at: at, read_at: index % 3 === 1 ? at : null }),
        ...(isWaiting(index) ? { status: "queued", due_at: at } : {}),
      }),
    );
  }
  await endWaiting(store);
  await store.syncToDisk();
}
