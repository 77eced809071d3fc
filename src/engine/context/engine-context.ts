import type { Channel, Environment } from "../../domain/environment/environment.js";
import type { Message } from "../../domain/message/message.js";
import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import { TENANTS, toRecipientKey } from "../../domain/recipient/recipient.js";
import type { BatchContent } from "../../domain/run/batch-continuations.js";
import type { RecordedResponse, RequestOrigin } from "../../domain/run/recorded-response.js";
import type { WorkFields } from "../../domain/run/work-fields.js";
import type { RecipientRun, WorkflowRun } from "../../domain/run/workflow-run.js";
import type { Schedule } from "../../domain/trigger/schedule.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { ClockReading, ClockStore } from "../../ports/clock-store.js";
import type { Definitions } from "../../ports/definitions.js";
import type { DueStore } from "../../ports/due-store.js";
import type { FanOutStore } from "../../ports/fan-out-store.js";
import type { AgentRequest, HttpClient, StepRequest } from "../../ports/http-client.js";
import type { MessageStore } from "../../ports/message-store.js";
import type { OwnWork } from "../../ports/own-work.js";
import type { Provider, ProviderEvent, ProviderWebhook, WebhookAnswer } from "../../ports/provider.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { GuideOperations } from "../../ports/resource-operations.js";
import type { RunStore } from "../../ports/run-store.js";
import type { ScheduleStore } from "../../ports/schedule-store.js";
import type { Store } from "../../ports/store.js";
import type { StoreControl } from "../../ports/store-control.js";
import type { SubscriptionStore } from "../../ports/subscription-store.js";
import type { TriggerStore } from "../../ports/trigger-store.js";
import type { IdSource } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import type { RunParties } from "./build-scope.js";
import type { DeliveryRates } from "./delivery-rates.js";
import type { LeavingWork } from "./leaving-work.js";
import type { WorkFailures } from "./work-failures.js";

/**
 * Everything that the engine depends on: it reads no environment variables, has no clock of its own and prints nothing.
 * `Stores` names the parts of the store that a function uses.
 */
export interface EngineContext<Stores = Store> {
  store: Stores;
  definitions: Definitions;
  /** The work that an operation runs before it returns. Absent if it runs everything that is due, as a worker does. */
  ownWork?: OwnWork;
  /** The work that a task leaves to workers with another project. Absent if it leaves nothing. */
  leaving?: LeavingWork | undefined;
  /** The branch for triggers, cancellations and previews that name none. Absent for the main files. */
  branch?: string;
  /** Returns the provider of a channel, or null if there is no provider for it. */
  findProvider(channel: Channel): Provider | null;
  /** Returns the events of a vendor's webhook for a channel, or null without such a webhook. Absent if nothing is delivered. */
  readProviderEvents?: (channel: Channel, webhook: ProviderWebhook) => Promise<ProviderEvent[] | WebhookAnswer | null>;
  /** Creates the in-app guide operations. Absent in builds without guides. */
  createGuideOperations?: (context: EngineContext) => GuideOperations;
  /** Renders messages in another language. Absent in builds that do not need it. */
  renderContentsInLocale?: (
    context: EngineContext,
    ids: readonly string[],
    locale: string,
  ) => Promise<Map<string, JsonObject>>;
  /** Receives the type and the seconds of each step that an advance executes, or of its request. */
  onStep?: ((type: string, seconds: number) => void) | undefined;
  /** The due work of this process that failed. */
  workFailures: WorkFailures;
  /** Receives the token of each claim, so that it can be released if the work fails. */
  onClaim?: (token: string) => void;
  /** The limits of channels per second. Absent if nothing is delivered. */
  deliveryRates?: DeliveryRates;
  /** Throws `too_much_due_work` if no trigger with more than `MAX_SMALL_TRIGGER` recipients is accepted now. */
  checkDueWork?: (() => Promise<void>) | undefined;
  /** Closes the connections that providers keep open. */
  close?(): Promise<void>;
  /** Sends the requests of fetch and agent steps that are allowed. */
  httpClient: HttpClient;
  /** Returns what a request came to in the past. It is then not sent. Absent if requests of the past are unknown. */
  findRecordedResponse?: ((origin: RequestOrigin) => RecordedResponse | undefined) | undefined;
  /** Is called for a request that has no declared response and that the environment does not allow. */
  onUndeclaredRequest?: ((request: StepRequest | AgentRequest, secrets: readonly string[]) => void) | undefined;
  ids: IdSource;
  /** Identifies a worker that shares the store with others, so that they can release what it claimed if it dies. */
  worker?: string;
  /**
   * Real time of this process in milliseconds, for its own waiting times. Due times and leases use the store's time, because the
   * clocks of processes on several machines differ.
   */
  realNow(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /**
   * Receives a warning that the events of no run contain, such as an invalid file that could define a workflow started by an
   * audience. `about` names the work, for logs.
   */
  warn?(text: string, about?: WorkFields): void;
  /** Returns 0 ≤ x < 1, for the jitter of delivery retries. */
  random(): number;
}

/** The stores that advances read: recipients, subscriptions, memberships, throttles, and the key of links. */
export type QueryStore = AudienceStore &
  RecipientStore &
  RunStore &
  SubscriptionStore &
  Pick<StoreControl, "readSecret">;

/** The stores that first advances read, which also include the used once-only workflows. */
export type StartStore = QueryStore & TriggerStore;

/** The stores that due work reads and writes. */
export type DueWorkStore = StartStore & ClockStore & DueStore & FanOutStore & MessageStore & ScheduleStore;

export function getClockTime({ frozen_at, offset_ms, real_now }: ClockReading): number {
  return frozen_at ?? real_now + offset_ms;
}

/** Returns a new token for a claim. That of a worker begins with its ID. */
export function createClaimToken({ ids, worker, onClaim }: EngineContext<unknown>): string {
  const token = worker === undefined ? ids.uuid() : `${worker}:${ids.uuid()}`;
  onClaim?.(token);
  return token;
}

/** Returns the store's current time in milliseconds. */
export async function readTime(context: EngineContext<ClockStore>): Promise<number> {
  return getClockTime(await context.store.readClock());
}

/** Returns the recipients that a chunk of runs needs, in one read. Those in `known` are not read again. */
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

/** Returns the schedules whose occurrences started the runs of a chunk. Deleted schedules are left out. */
export async function readRunSchedules(
  store: ScheduleStore,
  runs: readonly { run: WorkflowRun }[],
): Promise<Map<string, Schedule>> {
  const ids = new Set(runs.flatMap(({ run }) => run.trigger_source.schedule_id ?? []));
  if (ids.size === 0) return new Map();
  return new Map((await store.readSchedules([...ids])).map((schedule) => [schedule.id, schedule]));
}

/** Returns the parties of a run from the read recipients, or null if its recipient no longer exists. */
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

/** Returns whether runs of a workflow may continue: it is active (E-019 to E-023). */
export function isWorkflowActive(workflow: { key: string; active: boolean }, environment: Environment): boolean {
  return environment.active[workflow.key] ?? workflow.active;
}

/** Returns whether a delivery attempt of a message is due. */
export function isDeliveryDue(message: Message, now: number): boolean {
  return message.due_at !== null && message.due_at <= now;
}
