import type { Webhook } from "../../domain/environment/webhook.js";
import { createUuidV5, systemIds } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { WebhookDelivery } from "./webhook-delivery.js";
import { serializeEvent, type WebhookEvent } from "./webhook-event.js";

/** Webhooks are told apart by what they are, not by their place. Never change it. */
const WEBHOOK_NAMESPACE = "c9a4f4fe-6d3c-4d0b-8a7b-5a6f0f6f2f3b";
/** Requests under way to one webhook. */
const MAX_CONCURRENT_ATTEMPTS = 8;
/** Entries of the log under way to one webhook, above which it reads no more of them: one that hangs holds up no other. */
export const MAX_OPEN_ENTRIES = 2_000;

/** What a reader is given by those who read for all. */
interface ReaderHooks {
  /** Makes an attempt, and calls {@link WebhookReader.finish} or {@link WebhookReader.retryLater}. */
  send(delivery: WebhookDelivery, reader: WebhookReader): Promise<void>;
  /** The webhook has taken the entry, or was given up on. */
  onAcknowledged(entry: number): void;
  onError(error: unknown): void;
}

/** Names a webhook for as long as it is the same: its address may hold a secret, which is stored nowhere. */
export function getWebhookId({ url, events }: Webhook): string {
  return createUuidV5(WEBHOOK_NAMESPACE, JSON.stringify([url, events]));
}

/** One webhook: how far it has read the log, and what is on its way to it. */
export class WebhookReader {
  readonly id: string;
  /** Deliveries not yet ended, by entry of the log. */
  private readonly openDeliveries = new Map<number, Set<WebhookDelivery>>();
  private readonly readyDeliveries: WebhookDelivery[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly attempts = new Set<Promise<void>>();
  private runningCount = 0;
  private stopped = false;

  constructor(
    public webhook: Webhook,
    /** The newest entry that was read for it. */
    public lastRead: number,
    private readonly hooks: ReaderHooks,
    private readonly maxOpenEntries: number,
  ) {
    this.id = getWebhookId(webhook);
  }

  get hasRoom(): boolean {
    return this.openDeliveries.size < this.maxOpenEntries;
  }

  /** Tells it of an entry's events, which are those that it wants. */
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

  /** Once more after a pause, unless it is forgotten by then. */
  retryLater(delivery: WebhookDelivery, delayMs: number): void {
    if (this.stopped || this.openDeliveries.get(delivery.entry)?.has(delivery) !== true) return;
    delivery.next_attempt_at = toIsoTime(Date.now() + delayMs);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.enqueue(delivery);
    }, delayMs);
    this.timers.add(timer);
  }

  /** Begins nothing more; resolves once what is under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.allSettled([...this.attempts]);
  }

  /** What is not told by now never will be. */
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
