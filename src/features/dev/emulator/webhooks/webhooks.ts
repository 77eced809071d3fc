import { isSubscribedTo, type Webhook } from "../../../../domain/environment/webhook.js";
import { getErrorMessage } from "../../../../errors/knock-error.js";
import type { HttpClient } from "../../../../ports/http-client.js";
import type { LocalOperations } from "../../../../ports/operations.js";
import type { OutboundEntry, OutboundLog } from "../../../../ports/outbound-log.js";
import { endsWithin } from "../../../../util/ends-within.js";
import { systemIds } from "../../../../util/ids.js";
import { toIsoTime } from "../../../../util/iso-time.js";
import type { JsonObject } from "../../../../util/json.js";
import { Pauses } from "../../../../util/pauses.js";
import { getProcessIdentity } from "../../../../util/process-identity.js";
import { AcknowledgedEntries } from "./acknowledged-entries.js";
import {
  attemptDelivery,
  FIRST_RETRY_DELAY_MS,
  MAX_ATTEMPTS,
  serializeDelivery,
  TIMEOUT_MS,
  type WebhookDelivery,
} from "./webhook-delivery.js";
import { readEvents, type WebhookEvent } from "./webhook-event.js";
import { getWebhookId, MAX_OPEN_ENTRIES, WebhookReader } from "./webhook-reader.js";

/**
 * The interval at which the log is read, because other processes write to it without a notification. Without webhooks,
 * the longer interval applies.
 */
const POLL_MS = 50;
const IDLE_MS = 500;
const LEASE_MS = 30_000;
const RENEW_LEASE_MS = 10_000;
/** The number of entries read at once. */
const CHUNK_SIZE = 100;
const MAX_LISTED = 1_000;
/**
 * The time that running attempts have at a stop. Events that are not delivered by then are delivered after the next
 * start.
 */
const SHUTDOWN_TIMEOUT_MS = 1_000;

export interface WebhookOptions {
  log: OutboundLog;
  fetcher: HttpClient;
  /** Returns the current configuration. */
  readConfiguration(): Promise<{
    webhooks: readonly Webhook[];
    environment: string;
    private_addresses: readonly string[];
  }>;
  /** Called after every attempt, and when a delivery is dropped without one. */
  onAttempt(delivery: WebhookDelivery): void;
  first_pause_ms?: number;
  timeout_ms?: number;
  /** The number of undelivered entries per webhook. */
  max_open_entries?: number;
}

interface WebhookContext {
  operations: LocalOperations;
  readVariable(name: string): string | undefined;
  onError(error: unknown): void;
}

/**
 * Delivers the events of the store to webhooks, each at least once. A slow webhook delays no other.
 */
export class Webhooks {
  /** Names the process, so that another one takes over at once if this one dies. */
  private readonly leaseOwner = `${getProcessIdentity()}:${systemIds.uuid()}`;
  private readonly deliveries: WebhookDelivery[] = [];
  private readonly acknowledgedEntries: AcknowledgedEntries;
  /** Readers by webhook ID. */
  private readers = new Map<string, WebhookReader>();
  private hasLease = false;
  private nextLeaseAt = 0;
  private lastError = "";
  private stopped = false;
  private readonly pauses = new Pauses();
  private readonly loop: Promise<void>;
  private notifyStarted = (): void => {};
  /** Resolves once changes of the store are recorded if there are webhooks. Earlier changes are not sent. */
  readonly started = new Promise<void>((resolve) => {
    this.notifyStarted = resolve;
  });

  constructor(
    private readonly options: WebhookOptions,
    private readonly context: WebhookContext,
  ) {
    this.acknowledgedEntries = new AcknowledgedEntries(options.log);
    this.loop = this.runLoop();
  }

  /** Returns the latest 1,000 deliveries, oldest first. */
  list(): JsonObject[] {
    return this.deliveries.map(serializeDelivery);
  }

  /** Records an event from outside the store, such as a change of a project file. */
  async publish(type: string, document: JsonObject): Promise<void> {
    if (this.hasLease) await this.options.log.record(type, Date.now(), document);
  }

  /** Discards all events and deliveries. */
  async clear(): Promise<void> {
    await this.options.log.clear();
    for (const reader of this.readers.values()) reader.dropAll();
    this.acknowledgedEntries.reset();
    this.deliveries.length = 0;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.pauses.end();
    await this.loop;
    const stopped = Promise.all([...this.readers.values()].map((reader) => reader.stop()));
    await endsWithin(stopped, SHUTDOWN_TIMEOUT_MS);
    for (const reader of this.readers.values()) reader.dropAll();
    if (!this.hasLease) return;
    await this.acknowledgedEntries.removeCompleted([...this.readers.keys()], true);
    await this.options.log.release(this.leaseOwner);
  }

  private async runLoop(): Promise<void> {
    while (!this.stopped) {
      let pause = IDLE_MS;
      try {
        pause = (await this.poll()) ? POLL_MS : IDLE_MS;
        this.lastError = "";
      } catch (error) {
        // The same error usually repeats at every poll, so it is reported once.
        if (getErrorMessage(error) !== this.lastError) this.context.onError(error);
        this.lastError = getErrorMessage(error);
      }
      this.notifyStarted();
      if (this.stopped) return;
      await this.pauses.wait(pause);
    }
  }

  /** Returns whether there are webhooks and this process delivers to them. */
  private async poll(): Promise<boolean> {
    const { log, readConfiguration } = this.options;
    const { webhooks, environment } = await readConfiguration();
    await this.updateReaders(webhooks);
    if (webhooks.length === 0) {
      if (this.hasLease || this.nextLeaseAt === 0) await log.stopRecording(this.leaseOwner);
      this.acknowledgedEntries.reset();
      this.hasLease = false;
      this.nextLeaseAt = 1; // recording is stopped; do not stop it again
      return false;
    }
    if (this.hasLease) await this.acknowledgedEntries.removeCompleted([...this.readers.keys()]);
    if (Date.now() >= this.nextLeaseAt) {
      const hadLease = this.hasLease;
      this.hasLease = await log.acquire(this.leaseOwner, LEASE_MS);
      this.nextLeaseAt = Date.now() + (this.hasLease ? RENEW_LEASE_MS : IDLE_MS);
      if (this.hasLease && !hadLease) await this.restartReaders();
    }
    if (!this.hasLease) return false;
    await this.readLog(environment);
    return true;
  }

  /** Creates and removes readers to match the configured webhooks. */
  private async updateReaders(webhooks: readonly Webhook[]): Promise<void> {
    const readers = new Map<string, WebhookReader>();
    for (const webhook of webhooks) {
      const id = getWebhookId(webhook);
      const reader = this.readers.get(id) ?? (await this.createReader(id, webhook));
      reader.webhook = webhook; // the signing key may have changed
      readers.set(id, reader);
    }
    for (const [id, reader] of this.readers) if (!readers.has(id)) reader.dropAll();
    this.readers = readers;
  }

  /** Creates the reader of a webhook. While this process reads the log, a new webhook receives only later events. */
  private async createReader(id: string, webhook: Webhook): Promise<WebhookReader> {
    const { log, max_open_entries = MAX_OPEN_ENTRIES } = this.options;
    const newest = this.hasLease ? await log.acknowledgeAll(id) : 0;
    if (newest > 0) await this.acknowledgedEntries.load();
    const onAcknowledged = (entry: number): void => this.acknowledgedEntries.add(entry, id);
    const sendDelivery = (delivery: WebhookDelivery, reader: WebhookReader): Promise<void> =>
      this.send(delivery, reader);
    return new WebhookReader(
      webhook,
      newest,
      { send: sendDelivery, onAcknowledged, onError: this.context.onError },
      max_open_entries,
    );
  }

  /**
   * Starts all readers at the beginning of the log, because another process or an earlier start may have delivered a
   * part of it.
   */
  private async restartReaders(): Promise<void> {
    this.acknowledgedEntries.reset();
    await this.acknowledgedEntries.load();
    for (const reader of this.readers.values()) {
      reader.dropAll();
      reader.lastRead = 0;
    }
  }

  /**
   * Reads the log for each webhook from its own position while the webhook has room. A webhook that hangs falls behind
   * and delays no other.
   */
  private async readLog(environment: string): Promise<void> {
    for (;;) {
      const readersWithRoom = [...this.readers.values()].filter(({ hasRoom }) => hasRoom);
      if (readersWithRoom.length === 0 || this.stopped) return;
      let before = Math.min(...readersWithRoom.map(({ lastRead }) => lastRead));
      const entries = await this.options.log.readEntries(before, CHUNK_SIZE);
      const events = await this.readEventsFor(entries, readersWithRoom);
      for (const { id } of entries) {
        this.dispatchEntry(id, events.get(id) ?? [], before, readersWithRoom, environment);
        before = id;
      }
      if (entries.length < CHUNK_SIZE) return;
    }
  }

  /** Reads the events of the entries that one of the readers has not processed yet. */
  private readEventsFor(
    entries: readonly OutboundEntry[],
    readers: readonly WebhookReader[],
  ): Promise<ReadonlyMap<number, WebhookEvent[]>> {
    const open = entries.filter(({ id }) => readers.some((reader) => !this.acknowledgedEntries.has(id, reader.id)));
    const isWanted = (type: string): boolean => readers.some(({ webhook }) => isSubscribedTo(webhook, type));
    return readEvents(this.context.operations, open, isWanted);
  }

  /** Gives the events of an entry to the readers that are at `previousEntry` and still have room. */
  private dispatchEntry(
    id: number,
    events: readonly WebhookEvent[],
    previousEntry: number,
    readersWithRoom: WebhookReader[],
    environment: string,
  ): void {
    const nextReaders = readersWithRoom.filter(
      ({ lastRead, hasRoom }) => hasRoom && lastRead >= previousEntry && lastRead < id,
    );
    const interestedReaders = nextReaders.filter((reader) => !this.acknowledgedEntries.has(id, reader.id));
    for (const reader of nextReaders) if (!interestedReaders.includes(reader)) reader.lastRead = id;
    for (const reader of interestedReaders) {
      const subscribedEvents = events.filter((event) => isSubscribedTo(reader.webhook, event.type));
      this.deliveries.push(...reader.addEntry(id, subscribedEvents, environment));
    }
    if (this.deliveries.length > MAX_LISTED) this.deliveries.splice(0, this.deliveries.length - MAX_LISTED);
  }

  private async send(delivery: WebhookDelivery, reader: WebhookReader): Promise<void> {
    const {
      fetcher,
      onAttempt,
      readConfiguration,
      timeout_ms = TIMEOUT_MS,
      first_pause_ms = FIRST_RETRY_DELAY_MS,
    } = this.options;
    const { webhook, attempts } = delivery;
    const key = webhook.signing_key === null ? null : this.context.readVariable(webhook.signing_key);
    delivery.next_attempt_at = null;
    const { private_addresses } = await readConfiguration();
    if (key === undefined || key === "") {
      const error = `the environment variable ${webhook.signing_key} is not set (signing_key refers to it)`;
      attempts.push({ at: toIsoTime(Date.now()), status: null, error, duration_ms: 0 });
      reader.finish(delivery, "dropped");
    } else if (await attemptDelivery(delivery, { fetcher, key, timeout_ms, private_addresses })) {
      reader.finish(delivery, "delivered");
    } else if (attempts.length >= MAX_ATTEMPTS) {
      reader.finish(delivery, "dropped");
    } else {
      reader.retryLater(delivery, first_pause_ms * 2 ** (attempts.length - 1));
    }
    onAttempt(delivery);
  }
}
