// The hot path of the PostgreSQL store beside its floors, in one run, with its rounds in alternating order:
// - triggers of 1,000 recipients through the store, and COPY of the same rows into the same tables,
// - 500 due runs that are claimed, saved and given a message each, and COPY of the same rows.
// The advance itself is a stand-in, so that only the store is measured.
import { getChannelId } from "../../src/domain/environment/environment.js";
import type { Message } from "../../src/domain/message/message.js";
import { toRecipientKey } from "../../src/domain/recipient/recipient.js";
import type { RecipientRun, WorkflowRun } from "../../src/domain/run/workflow-run.js";
import { parseWorkflow } from "../../src/domain/workflow/parse-workflow.js";
import type { SavedAdvance } from "../../src/ports/run-store.js";
import type { Store } from "../../src/ports/store.js";
import type { Connection } from "../../src/store/postgres/connection/connection.js";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import { createKsuid, createUuidV5, systemIds } from "../../src/util/ids.js";
import { copyRows, readColumns } from "./copy-rows.js";
import { readServerCpu } from "./server-figures.js";

const TRIGGER_SIZE = 1_000;
const CHUNK = 500;

const [location = "", serverFolder = "", roundText = "5", pattern = ""] = process.argv.slice(2);
const rounds = Number(roundText);

const workflow = parseWorkflow("bench", {
  name: "Bench",
  steps: [{ ref: "delay_1", type: "delay", settings: { delay_for: { unit: "minutes", value: 5 } } }],
});

function buildRun(recipient: RecipientRun["recipient"], run: WorkflowRun): RecipientRun {
  const { inserted_at } = run;
  const event = { status: "ok", step_ref: null, step_type: null, attempt: 1, data: null, at: inserted_at } as const;
  return {
    id: createUuidV5(run.id, recipient),
    workflow_run_id: run.id,
    recipient,
    status: "paused",
    position: [0],
    due_at: inserted_at,
    data: null,
    via: null,
    steps: [
      { ref: "delay_1", type: "delay", outcome: "waiting", reason: null, until: new Date(inserted_at).toISOString() },
    ],
    reason: null,
    events: [
      { ...event, event: "run_started" },
      { ...event, event: "run_paused", step_ref: "delay_1", step_type: "delay" },
    ],
    error_count: 0,
    inserted_at,
    updated_at: inserted_at,
  };
}

const CHANNEL = {
  id: getChannelId("in-app-feed"),
  key: "in-app-feed",
  type: "in_app_feed",
  provider: "in_app_feed_knock",
} as const;

function buildMessage(run: WorkflowRun, { id, recipient }: RecipientRun): Message {
  const at = run.inserted_at;
  return {
    id: createKsuid(at, systemIds.ksuidPayload()),
    workflow_run_id: run.id,
    recipient_run_id: id,
    recipient,
    actor: null,
    workflow: run.workflow,
    version_id: workflow.version_id,
    categories: [],
    step_ref: "in_app_feed_1",
    tenant: null,
    channel: CHANNEL,
    status: "delivered",
    content: {
      __typename: "MessageInAppFeedContent",
      blocks: [{ type: "markdown", name: "body", content: "Hi {{ name }}", rendered: `<p>Hi ${recipient}</p>` }],
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
    events: ["created", "queued", "delivered"].map((type) => ({ type: type as "created", at, data: null })),
    inserted_at: at,
    updated_at: at,
  };
}

let triggerCount = 0;

function buildTrigger(isDue: boolean) {
  const run: WorkflowRun = {
    id: crypto.randomUUID(),
    workflow: workflow.key,
    version_id: workflow.version_id,
    actor: null,
    tenant: null,
    data: { name: "Ada", project: "Kestrel" },
    cancellation_key: null,
    settings: {} as WorkflowRun["settings"],
    trigger_source: { type: "api" } as WorkflowRun["trigger_source"],
    inserted_at: Date.now(),
  };
  triggerCount++;
  const recipientRuns = Array.from({ length: TRIGGER_SIZE }, (_, index) => {
    const made = buildRun(toRecipientKey(`user-${(triggerCount * TRIGGER_SIZE + index) % 50_000}`), run);
    return isDue ? made : { ...made, due_at: null, status: "completed" as const };
  });
  const messages = isDue ? [] : recipientRuns.map((one) => buildMessage(run, one));
  return {
    run,
    version: workflow,
    idempotency: null,
    fanOut: null,
    recipientRuns,
    messages,
    batches: new Map(),
    upserts: [],
    triggers: [],
    frequencyRecords: [],
    unidentified: [],
    throttles: [],
  };
}

interface Sample {
  rows: number;
  ms: number;
  clientUs: number;
  serverUs: number;
}

async function measure(rows: number, work: () => Promise<void>): Promise<Sample> {
  const server = readServerCpu(serverFolder);
  const client = process.cpuUsage();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(client);
  return { rows, ms, clientUs: user + system, serverUs: readServerCpu(serverFolder) - server };
}

async function advanceChunk(store: Store, token: string): Promise<void> {
  const claim = { now: Date.now(), leaseMs: 60_000, token, scope: { heldByJob: true } };
  const claimed = await store.claimDueRuns(claim, CHUNK);
  if (claimed.length !== CHUNK) throw new Error(`only ${claimed.length} runs were due`);
  const advances = claimed.map(({ recipientRun, run, revision }): SavedAdvance => {
    const ended: RecipientRun = { ...recipientRun, status: "completed", position: null, due_at: null };
    return {
      recipientRun: ended,
      messages: [buildMessage(run, ended)],
      batch: null,
      upserts: [],
      triggers: [],
      version: null,
      revision,
    };
  });
  const { saved } = await store.saveAdvances(advances, token, Date.now());
  if (saved.size !== CHUNK) throw new Error(`only ${saved.size} runs were saved`);
}

const store = await openPostgresStore(location, { createForTests: true, maxConnections: 2 });
const { db } = store as unknown as { db: Connection };
const since = 0;
await store.insertWorkflowRun(buildTrigger(false), since);
await store.insertWorkflowRun(buildTrigger(true), since);
await advanceChunk(store, "first");
await advanceChunk(store, "second");
const sampleRuns = await readColumns(db, "recipient_runs", TRIGGER_SIZE);
const sampleMessages = await readColumns(db, "messages", TRIGGER_SIZE);

const ALL_CASES: Record<string, (index: number) => Promise<Sample>> = {
  trigger: async () => {
    const trigger = buildTrigger(false);
    return measure(TRIGGER_SIZE, async () => {
      await store.insertWorkflowRun(trigger, since);
    });
  },
  "trigger floor": () =>
    measure(TRIGGER_SIZE, () => copyRows(db, { recipient_runs: sampleRuns, messages: sampleMessages })),
  advance: async (index) => {
    await store.insertWorkflowRun(buildTrigger(true), since);
    return measure(TRIGGER_SIZE, async () => {
      await advanceChunk(store, `a${index}`);
      await advanceChunk(store, `b${index}`);
    });
  },
  "advance floor": () =>
    measure(TRIGGER_SIZE, async () => {
      for (const from of [0, CHUNK])
        await copyRows(db, {
          recipient_runs: sampleRuns.slice(from, from + CHUNK),
          messages: sampleMessages.slice(from, from + CHUNK),
        });
    }),
};

const cases = Object.fromEntries(Object.entries(ALL_CASES).filter(([name]) => name.startsWith(pattern)));
const samples = new Map<string, Sample[]>(Object.keys(cases).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  const names = Object.keys(cases);
  for (const name of round % 2 === 0 ? names : names.reverse())
    samples.get(name)?.push(await (cases[name] as (index: number) => Promise<Sample>)(round));
}
await store.close();

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;
const results = [...samples].map(([name, list]) => ({
  case: name,
  per_second: Math.round(median(list.map(({ rows, ms }) => (rows / ms) * 1_000))),
  client_us: Math.round((list.reduce((sum, { clientUs }) => sum + clientUs, 0) / list.length / TRIGGER_SIZE) * 10) / 10,
  server_us: Math.round((list.reduce((sum, { serverUs }) => sum + serverUs, 0) / list.length / TRIGGER_SIZE) * 10) / 10,
}));
process.stdout.write(`${JSON.stringify(results)}\n`);
