import type { Channel, Environment } from "../../domain/environment/environment.js";
import type { Message } from "../../domain/message/message.js";
import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import { TENANTS, toRecipientKey } from "../../domain/recipient/recipient.js";
import type { BatchContent } from "../../domain/run/batch-join.js";
import type { RecipientRun, WorkflowRun } from "../../domain/run/workflow-run.js";
import type { Schedule } from "../../domain/trigger/schedule.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { ClockSetting, ClockStore } from "../../ports/clock.js";
import type { Definitions } from "../../ports/definitions.js";
import type { DueStore } from "../../ports/due-store.js";
import type { FanOutStore } from "../../ports/fan-out-store.js";
import type { HttpClient } from "../../ports/http-client.js";
import type { MessageStore } from "../../ports/message-store.js";
import type { Provider } from "../../ports/provider.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { GuideOperations } from "../../ports/resource-operations.js";
import type { RunStore } from "../../ports/run-store.js";
import type { ScheduleStore } from "../../ports/schedule-store.js";
import type { Store } from "../../ports/store.js";
import type { SubscriptionStore } from "../../ports/subscription-store.js";
import type { TriggerStore } from "../../ports/trigger-store.js";
import type { IdSource } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import type { RunParties } from "./build-scope.js";

/**
 * All that the engine is given: it reads no environment, keeps no time of its own and prints nothing. `Stores` names the parts
 * of the store that a function uses.
 */
export interface EngineContext<Stores = Store> {
  store: Stores;
  definitions: Definitions;
  /** What triggers, cancellations and previews are on that name no branch; absent: the main files. */
  branch?: string;
  /** Who delivers for a channel; null where nobody can. */
  findProvider(channel: Channel): Provider | null;
  /** In-app guides, in builds that have them. */
  createGuideOperations?: (context: EngineContext) => GuideOperations;
  /** Renders messages in another language, in builds that are asked to. */
  renderContentsInLocale?: (
    context: EngineContext,
    ids: readonly string[],
    locale: string,
  ) => Promise<Map<string, JsonObject>>;
  /** Closes what providers keep open. */
  close?(): Promise<void>;
  /** Makes the requests of fetch and agent steps that are allowed to leave. */
  httpClient: HttpClient;
  ids: IdSource;
  /** Real time, milliseconds; the store's virtual clock is laid over it. */
  realNow(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Told of what a person should know and no run can hold: a broken file that may be one an audience starts. */
  warn?(text: string): void;
  /** 0 ≤ x < 1, for the jitter of delivery retries. */
  random(): number;
}

/** What advances ask for: people, subscriptions, memberships, throttles. */
export type AdvanceStore = AudienceStore & RecipientStore & RunStore & SubscriptionStore;

/** What first advances ask for: also who has used up a once-only workflow. */
export type StartStore = AdvanceStore & TriggerStore;

/** What running due work reads and writes. */
export type DueWorkStore = StartStore & ClockStore & DueStore & FanOutStore & MessageStore & ScheduleStore;

export function getClockTime(setting: ClockSetting, realNow: number): number {
  return setting.frozen_at ?? realNow + setting.offset_ms;
}

/** The store's time now. */
export async function readTime(context: EngineContext<ClockStore>): Promise<number> {
  return getClockTime(await context.store.readClock(), context.realNow());
}

/** The recipients that a chunk of runs needs, in one read; those already `known` are not read again. */
export async function readRunRecipients(
  store: Pick<RecipientStore, "readRecipients">,
  runs: readonly { run: WorkflowRun; recipientRun: RecipientRun; batch?: BatchContent | null }[],
  known: ReadonlyMap<RecipientKey, Recipient> = new Map(),
): Promise<ReadonlyMap<RecipientKey, Recipient>> {
  const keys = new Set<RecipientKey>();
  for (const { run, recipientRun, batch } of runs) {
    keys.add(recipientRun.recipient);
    if (run.actor) keys.add(run.actor);
    if (run.tenant !== null) keys.add(toRecipientKey({ id: run.tenant, collection: TENANTS }));
    if (recipientRun.via) keys.add(recipientRun.via.object);
    for (const { actor } of batch ? [...batch.first, ...batch.last] : []) if (actor) keys.add(actor);
  }
  const unknown = [...keys].filter((key) => !known.has(key));
  if (unknown.length === 0) return known;
  const read = await store.readRecipients(unknown);
  return known.size === 0 ? read : new Map([...known, ...read]);
}

/** The schedules that runs of a chunk are occurrences of; a deleted one is not among them. */
export async function readRunSchedules(
  store: ScheduleStore,
  runs: readonly { run: WorkflowRun }[],
): Promise<Map<string, Schedule>> {
  const ids = new Set(runs.flatMap(({ run }) => run.trigger_source.schedule_id ?? []));
  if (ids.size === 0) return new Map();
  return new Map((await store.readSchedules([...ids])).map((schedule) => [schedule.id, schedule]));
}

/** A run's people out of what was read; null where its recipient no longer exists. */
export function buildParties(
  run: WorkflowRun,
  recipientRun: RecipientRun,
  recipients: ReadonlyMap<RecipientKey, Recipient>,
): RunParties | null {
  const recipient = recipients.get(recipientRun.recipient);
  if (recipient === undefined) return null;
  return {
    recipient,
    actor: run.actor ? (recipients.get(run.actor) ?? null) : null,
    tenant:
      run.tenant === null ? null : (recipients.get(toRecipientKey({ id: run.tenant, collection: TENANTS })) ?? null),
    subscribedObject: recipientRun.via ? (recipients.get(recipientRun.via.object) ?? null) : null,
  };
}

/** Whether runs of a workflow may go on: it exists and is switched on (E-019 to E-023). */
export function isActive(workflow: { key: string; active: boolean }, environment: Environment): boolean {
  return environment.active[workflow.key] ?? workflow.active;
}

/** Messages that still want a delivery attempt now. */
export function isDeliveryDue(message: Message, now: number): boolean {
  return message.due_at !== null && message.due_at <= now;
}
