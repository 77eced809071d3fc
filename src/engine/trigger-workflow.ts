import type { Environment } from "../domain/environment.js";
import { channelIdOf } from "../domain/environment.js";
import { type FanOut, isFannedOut } from "../domain/fan-out.js";
import type { TriggerOutcome } from "../domain/outcome.js";
import {
  keyOf,
  type Recipient,
  type RecipientKey,
  type RecipientUpsert,
  referenceOf,
  splitKey,
  TENANTS,
} from "../domain/recipient.js";
import type { Trigger } from "../domain/trigger.js";
import type { WorkflowRun } from "../domain/workflow-run.js";
import { KnockError } from "../errors/knock-error.js";
import type { TriggerOptions } from "../ports/operations.js";
import type { IdempotencyRecord } from "../ports/store.js";
import { contentDigest, isUuid } from "../util/ids.js";
import { stableStringify } from "../util/json.js";
import { checkTrigger } from "./check-trigger.js";
import { deliverDue } from "./deliver.js";
import { type EngineContext, isDue, readTime } from "./engine-context.js";
import { claimFor, continueFanOut, FAN_OUT_CHUNK, fanOutOf, nextReached } from "./fan-out.js";
import { readOutcome } from "./read-outcome.js";
import { triggerOutcome } from "./run-outcome.js";
import { type RunStart, startRuns } from "./start-runs.js";

/** How long an idempotency key is remembered (E-383). */
const IDEMPOTENCY_MS = 24 * 3_600_000;

/** One listing per recipient: the first one's `$trigger_data` counts (EQ-11). */
function distinctRecipients(trigger: Trigger): FanOut["listed"] {
  const seen = new Map<RecipientKey, FanOut["listed"][number]>();
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
  const known = await store.readRecipients(keysOf(trigger));
  checkActor(trigger, known);
  const upserts = upsertsOf(trigger, environment, known);
  if (upserts.length > 0) await store.upsertRecipients(upserts, now);

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
  const start: RunStart = { run, compiled, environment, now };
  const listed = distinctRecipients(trigger);
  const first = await nextReached(context, run, fanOutOf(listed), Math.max(listed.length, FAN_OUT_CHUNK));
  const claim = claimFor(context, now);
  const usedUp = new Set<RecipientKey>();
  for (;;) {
    const { advances: _advances, ...started } = await startRuns(context, start, first.reached, usedUp);
    const inserted = await store.insertWorkflowRun(
      {
        ...started,
        run,
        version: workflow,
        idempotency: key === null ? null : { key, fingerprint, workflow_run_id: run.id, inserted_at: now },
        fanOut: isFannedOut(first.rest) ? null : { rest: first.rest, claim },
      },
      now - IDEMPOTENCY_MS,
    );
    if (inserted.outcome === "replay") return replay(context, inserted.record, fingerprint);
    if (inserted.outcome === "claimed") {
      // Another process triggered the same once-only workflow in between: those recipients have had their run.
      for (const recipient of inserted.recipients) usedUp.add(recipient);
      continue;
    }
    if (isFannedOut(first.rest) && !started.messages.some((message) => isDue(message, now)))
      return triggerOutcome(run, started.recipientRuns, started.unidentified, started.messages);
    if (!isFannedOut(first.rest)) await continueFanOut(context, start, first.rest, claim.token);
    await deliverDue(context, now);
    return (await readOutcome(context, run.id)) as TriggerOutcome;
  }
}
