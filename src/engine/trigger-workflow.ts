import type { Environment } from "../domain/environment.js";
import { channelIdOf } from "../domain/environment.js";
import type { Message } from "../domain/message.js";
import type { TriggerOutcome } from "../domain/outcome.js";
import {
  gidOf,
  keyOf,
  type Recipient,
  type RecipientKey,
  type RecipientUpsert,
  referenceOf,
  splitKey,
  TENANTS,
} from "../domain/recipient.js";
import type { Trigger } from "../domain/trigger.js";
import type { Workflow } from "../domain/workflow.js";
import type { RecipientRun, WorkflowRun } from "../domain/workflow-run.js";
import { KnockError } from "../errors/knock-error.js";
import type { TriggerOptions } from "../ports/operations.js";
import type { FrequencyClaim, IdempotencyRecord } from "../ports/store.js";
import { contentDigest, isUuid, uuidV5 } from "../util/ids.js";
import { type JsonObject, stableStringify } from "../util/json.js";
import { type Advance, advance } from "./advance.js";
import { checkTrigger } from "./check-trigger.js";
import type { CompiledWorkflow } from "./compile-workflow.js";
import { deliverDue } from "./deliver.js";
import { type EngineContext, isDue, partiesOf, readTime } from "./engine-context.js";
import { readOutcome } from "./read-outcome.js";
import { triggerOutcome } from "./run-outcome.js";

/** How long an idempotency key is remembered (E-383). */
const IDEMPOTENCY_MS = 24 * 3_600_000;

/** One listing per recipient: the first one's `$trigger_data` counts (EQ-11). */
function distinctRecipients(trigger: Trigger): { key: RecipientKey; trigger_data: JsonObject | null }[] {
  const seen = new Map<RecipientKey, { key: RecipientKey; trigger_data: JsonObject | null }>();
  for (const { key, trigger_data } of trigger.recipients) if (!seen.has(key)) seen.set(key, { key, trigger_data });
  return [...seen.values()];
}

/** Channel data is stored under the channel's id, whichever of key and id the caller wrote. */
export function withChannelIds(upsert: RecipientUpsert, environment: Environment): RecipientUpsert {
  if (!upsert.channel_data) return upsert;
  const ids = new Set(Object.values(environment.channels).map((channel) => channel?.id));
  const byId = Object.entries(upsert.channel_data).map(
    ([name, data]) =>
      [isUuid(name) || ids.has(name) ? name : (environment.channels[name]?.id ?? channelIdOf(name)), data] as const,
  );
  return { ...upsert, channel_data: Object.fromEntries(byId) };
}

/** Everyone the trigger identifies inline, in order; a tenant named by id is found or created (E-035, E-047). */
function upsertsOf(
  trigger: Trigger,
  environment: Environment,
  known: ReadonlyMap<RecipientKey, Recipient>,
): RecipientUpsert[] {
  const upserts = [
    ...trigger.recipients.map((recipient) => recipient.upsert),
    trigger.actor?.upsert ?? null,
    trigger.tenant?.upsert ?? null,
  ].filter((upsert) => upsert !== null);
  const created =
    trigger.tenant && !trigger.tenant.upsert ? keyOf({ id: trigger.tenant.id, collection: TENANTS }) : null;
  if (created && !known.has(created)) upserts.push({ key: created, properties: {} });
  return upserts
    .filter((upsert) => !(known.has(upsert.key) && isBare(upsert)))
    .map((upsert) => withChannelIds(upsert, environment));
}

/** Changes nothing on a recipient that exists. */
function isBare(upsert: RecipientUpsert): boolean {
  return Object.keys(upsert.properties).length === 0 && !upsert.preferences && !upsert.channel_data;
}

function keysOf(trigger: Trigger): RecipientKey[] {
  const keys = new Set(trigger.recipients.map((recipient) => recipient.key));
  if (trigger.actor) keys.add(trigger.actor.key);
  if (trigger.tenant) keys.add(keyOf({ id: trigger.tenant.id, collection: TENANTS }));
  return [...keys];
}

function checkActor(trigger: Trigger, known: ReadonlyMap<RecipientKey, Recipient>): void {
  const { actor } = trigger;
  if (actor === null || actor.upsert || known.has(actor.key)) return;
  if (trigger.recipients.some((recipient) => recipient.key === actor.key && recipient.upsert)) return;
  const { collection, id } = splitKey(actor.key);
  throw new KnockError("actor_missing", `the actor ${JSON.stringify(referenceOf(actor.key))} was never identified`, {
    details: [{ pointer: "/actor", message: "names nobody known", value: id }],
    hint: `Identify it inline, for example --actor '${JSON.stringify(collection === "$users" ? { id, name: "…" } : { id, collection, name: "…" })}'.`,
  });
}

function claimOf(workflow: Workflow, trigger: Trigger, recipient: RecipientKey): FrequencyClaim | null {
  if (workflow.trigger_frequency === "every_trigger") return null;
  const perTenant = workflow.trigger_frequency === "once_per_recipient_per_tenant";
  // The two frequencies keep apart ("*" is no tenant id a trigger can carry alone), should a workflow change its own.
  return { workflow: workflow.key, recipient, tenant: perTenant ? `=${trigger.tenant?.id ?? ""}` : "*" };
}

interface Prepared {
  trigger: Trigger;
  compiled: CompiledWorkflow;
  environment: Environment;
  run: WorkflowRun;
  now: number;
}

/** First advances of all recipients, in memory. `usedUp`: recipients a once-only workflow already ran for. */
function advanceAll(
  context: EngineContext,
  prepared: Prepared,
  read: ReadonlyMap<RecipientKey, Recipient>,
  usedUp: ReadonlySet<RecipientKey>,
): { advances: Advance[]; unidentified: RecipientKey[] } {
  const { trigger, compiled, environment, run, now } = prepared;
  const advances: Advance[] = [];
  const unidentified: RecipientKey[] = [];
  for (const { key, trigger_data } of distinctRecipients(trigger)) {
    const recipientRun: RecipientRun = {
      id: uuidV5(run.id, gidOf(key)),
      workflow_run_id: run.id,
      recipient: key,
      status: "queued",
      position: null,
      due_at: null,
      data: trigger_data ? { ...run.data, ...trigger_data } : null, // shallow (EQ-08)
      via: null,
      steps: [],
      reason: null,
      events: [],
      error_count: 0,
      inserted_at: now,
      updated_at: now,
    };
    const parties = partiesOf(run, recipientRun, read);
    if (parties === null) {
      unidentified.push(key);
      continue;
    }
    advances.push(
      advance({
        ...parties,
        run,
        recipientRun,
        environment,
        compiled,
        messages: [],
        now,
        ids: context.ids,
        unavailable: false,
        usedUp: usedUp.has(key),
      }),
    );
  }
  return { advances, unidentified };
}

/** Two payloads are the same trigger if their canonical JSON is. */
function fingerprintOf(trigger: Trigger): string {
  return contentDigest(stableStringify({ workflow: trigger.workflow, payload: trigger.payload }));
}

async function replay(context: EngineContext, record: IdempotencyRecord, fingerprint: string): Promise<TriggerOutcome> {
  if (record.fingerprint !== fingerprint) {
    throw new KnockError(
      "idempotency_conflict",
      `the idempotency key "${record.key}" was already used with another payload`,
      {
        details: [{ pointer: "/idempotency_key", message: "was already used with another payload", value: record.key }],
        hint: "Use another key, or send the same payload again.",
      },
    );
  }
  const outcome = await readOutcome(context, record.workflow_run_id);
  if (outcome === null) throw new KnockError("internal", `run ${record.workflow_run_id} of an idempotency key is gone`);
  return { ...outcome, replayed: true };
}

/**
 * Accepts a trigger: everything is checked before anything is written (E-005), and the trigger with all its recipients'
 * first steps becomes durable in one transaction before it is answered.
 */
export async function triggerWorkflow(
  context: EngineContext,
  trigger: Trigger,
  options: TriggerOptions,
): Promise<TriggerOutcome> {
  const { store } = context;
  const now = await readTime(context);
  const key = options.idempotency_key;
  const fingerprint = key === null ? "" : fingerprintOf(trigger);
  if (key !== null) {
    const record = await store.readIdempotency(key, now - IDEMPOTENCY_MS);
    if (record) return replay(context, record, fingerprint);
  }

  const { workflow, environment, compiled } = await checkTrigger(context.definitions, trigger);
  let read = await store.readRecipients(keysOf(trigger));
  checkActor(trigger, read);
  const upserts = upsertsOf(trigger, environment, read);
  if (upserts.length > 0) {
    await store.upsertRecipients(upserts, now);
    read = await store.readRecipients(keysOf(trigger));
  }

  const run: WorkflowRun = {
    id: context.ids.uuid(),
    workflow: workflow.key,
    version_id: workflow.version_id,
    actor: trigger.actor?.key ?? null,
    tenant: trigger.tenant?.id ?? null,
    data: trigger.data,
    cancellation_key: trigger.cancellation_key,
    settings: trigger.settings,
    trigger_source: { type: "api" },
    inserted_at: now,
  };
  const prepared: Prepared = { trigger, compiled, environment, run, now };
  const claims = distinctRecipients(trigger).flatMap((recipient) => claimOf(workflow, trigger, recipient.key) ?? []);
  const usedUp = new Set(claims.length > 0 ? await store.readClaims(claims) : []);
  for (;;) {
    const { advances, unidentified } = advanceAll(context, prepared, read, usedUp);
    const started = new Set(advances.filter((one) => one.started).map((one) => one.recipientRun.recipient));
    const recipientRuns = advances.map((one) => one.recipientRun);
    const messages: Message[] = advances.flatMap((one) => one.messages);
    const inserted = await store.insertWorkflowRun(
      {
        run,
        version: workflow,
        recipientRuns,
        messages,
        claims: claims.filter((claim) => started.has(claim.recipient)),
        idempotency: key === null ? null : { key, fingerprint, workflow_run_id: run.id, inserted_at: now },
        unidentified,
      },
      now - IDEMPOTENCY_MS,
    );
    if (inserted.outcome === "replay") return replay(context, inserted.record, fingerprint);
    if (inserted.outcome === "claimed") {
      // Another process triggered the same once-only workflow in between: those recipients have had their run.
      for (const recipient of inserted.recipients) usedUp.add(recipient);
      continue;
    }
    if (!messages.some((message) => isDue(message, now)))
      return triggerOutcome(run, recipientRuns, unidentified, messages);
    await deliverDue(context, now);
    return (await readOutcome(context, run.id)) as TriggerOutcome;
  }
}
