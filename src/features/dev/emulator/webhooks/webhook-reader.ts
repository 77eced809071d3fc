import type { Webhook } from "../../../../domain/environment/webhook.js";
import { createUuidV5, systemIds } from "../../../../util/ids.js";
import { toIsoTime } from "../../../../util/iso-time.js";
import type { WebhookDelivery } from "./webhook-delivery.js";
import { serializeEvent, type WebhookEvent } from "./webhook-event.js";

/**
 * The namespace of webhook IDs, which are derived from the webhook's URL and events and not from its position. It must
 * never change.
 */
const WEBHOOK_NAMESPACE = "c9a4f4fe-6d3c-4d0b-8a7b-5a6f0f6f2f3b";
/** The number of concurrent requests to one webhook. */
const MAX_CONCURRENT_ATTEMPTS = 8;
/**
 * The number of undelivered log entries at which a webhook stops reading, so that a webhook that hangs does not delay
 * the others.
 */
export const MAX_OPEN_ENTRIES = 2_000;

/** The functions that `Webhooks` gives to each of its readers. */
interface ReaderHooks {
  /** Makes an attempt and calls {@link WebhookReader.finish} or {@link WebhookReader.retryLater}. */
  send(delivery: WebhookDelivery, reader: WebhookReader): Promise<void>;
  /** Called when the webhook has accepted all events of the entry, or delivery was given up. */
  onAcknowledged(entry: number): void;
  onError(error: unknown): void;
}

/**
 * Returns the ID of a webhook, which stays the same while its URL and events do. The store contains the ID instead of
 * the URL, because the URL may contain a secret.
 */
export function getWebhookId({ url, events }: Webhook): string {
  return createUuidV5(WEBHOOK_NAMESPACE, JSON.stringify([url, events]));
}

/** One webhook with its position in the log and its pending deliveries. */
export class WebhookReader {
  readonly id: string;
  /** Deliveries that are not finished, by log entry. */
  private readonly openDeliveries = new Map<number, Set<WebhookDelivery>>();
  private readonly readyDeliveries: WebhookDelivery[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly attempts = new Set<Promise<void>>();
  private runningCount = 0;
  private stopped = false;

  constructor(
    public webhook: Webhook,
    /** The ID of the newest entry that was read for this webhook. */
    public lastRead: number,
    private readonly hooks: ReaderHooks,
    private readonly maxOpenEntries: number,
  ) {
    this.id = getWebhookId(webhook);
  }

  get hasRoom(): boolean {
    return this.openDeliveries.size < this.maxOpenEntries;
  }

  /** Enqueues a delivery for each event of an entry. The events must be filtered by the webhook's subscription. */
  addEntry(entry: number, events: readonly WebhookEvent[], environment: string): WebhookDelivery[] {
    this.lastRead = entry;
    const deliveries = events.map(
      (event): WebhookDelivery => ({
        id: systemIds.uuid(),
        webhook: this.webhook,
        type: event.type,
        environment,
        body: serializeEvent(event),
        entry,
        attempts: [],
        state: "pending",
        next_attempt_at: null,
      }),
    );
    if (deliveries.length === 0) this.hooks.onAcknowledged(entry);
    else this.openDeliveries.set(entry, new Set(deliveries));
    for (const delivery of deliveries) this.enqueue(delivery);
    return deliveries;
  }

  finish(delivery: WebhookDelivery, state: "delivered" | "dropped"): void {
    delivery.state = state;
    const open = this.openDeliveries.get(delivery.entry);
    if (!open?.delete(delivery) || open.size > 0) return;
    this.openDeliveries.delete(delivery.entry);
    this.hooks.onAcknowledged(delivery.entry);
  }

  /** Attempts a delivery again after a delay, unless the delivery was discarded by then. */
  retryLater(delivery: WebhookDelivery, delayMs: number): void {
    if (this.stopped || this.openDeliveries.get(delivery.entry)?.has(delivery) !== true) return;
    delivery.next_attempt_at = toIsoTime(Date.now() + delayMs);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.enqueue(delivery);
    }, delayMs);
    this.timers.add(timer);
  }

  /** Starts no further attempts. Resolves when the running attempts have finished. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.allSettled([...this.attempts]);
  }

  /** Discards all deliveries that are not finished. */
  dropAll(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    for (const deliveries of this.openDeliveries.values())
      for (const delivery of deliveries) Object.assign(delivery, { state: "dropped", next_attempt_at: null });
    this.openDeliveries.clear();
    this.readyDeliveries.length = 0;
  }

  private enqueue(delivery: WebhookDelivery): void {
    this.readyDeliveries.push(delivery);
    this.startReady();
  }

  private startReady(): void {
    while (!this.stopped && this.runningCount < MAX_CONCURRENT_ATTEMPTS) {
      const delivery = this.readyDeliveries.shift();
      if (delivery === undefined) return;
      this.runningCount++;
      const sent = this.hooks
        .send(delivery, this)
        .catch(this.hooks.onError)
        .then(() => {
          this.runningCount--;
          this.attempts.delete(sent);
          this.startReady();
        });
      this.attempts.add(sent);
    }
  }
}
