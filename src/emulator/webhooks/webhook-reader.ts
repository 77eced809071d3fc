import type { Webhook } from "../../domain/environment/webhook.js";
import { systemIds, uuidV5 } from "../../util/ids.js";
import { isoTime } from "../../util/iso-time.js";
import type { WebhookDelivery } from "./webhook-delivery.js";
import { bodyOf, type WebhookEvent } from "./webhook-event.js";

/** Webhooks are told apart by what they are, not by their place. Never change it. */
const WEBHOOK_NAMESPACE = "c9a4f4fe-6d3c-4d0b-8a7b-5a6f0f6f2f3b";
/** Requests under way to one webhook. */
const AT_ONCE = 8;
/** Entries of the log under way to one webhook, above which it reads no more of them: one that hangs holds up no other. */
export const MOST_OPEN = 2_000;

/** What a reader is given by those who read for all. */
export interface ReaderHooks {
  /** Makes an attempt, and calls {@link WebhookReader.end} or {@link WebhookReader.later}. */
  send(delivery: WebhookDelivery, reader: WebhookReader): Promise<void>;
  /** The webhook has taken the entry, or was given up on. */
  onTaken(entry: number): void;
  onError(error: unknown): void;
}

/** Names a webhook for as long as it is the same: its address may hold a secret, which is stored nowhere. */
export function webhookId({ url, events }: Webhook): string {
  return uuidV5(WEBHOOK_NAMESPACE, JSON.stringify([url, events]));
}

/** One webhook: how far it has read the log, and what is on its way to it. */
export class WebhookReader {
  readonly id: string;
  /** Deliveries not yet ended, by entry of the log. */
  private readonly open = new Map<number, Set<WebhookDelivery>>();
  private readonly ready: WebhookDelivery[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly underWay = new Set<Promise<void>>();
  private running = 0;
  private stopped = false;

  constructor(
    public webhook: Webhook,
    /** The newest entry that was read for it. */
    public lastRead: number,
    private readonly hooks: ReaderHooks,
    private readonly mostOpen: number,
  ) {
    this.id = webhookId(webhook);
  }

  get hasRoom(): boolean {
    return this.open.size < this.mostOpen;
  }

  /** Tells it of an entry's events, which are those that it wants. */
  take(entry: number, events: readonly WebhookEvent[], environment: string): WebhookDelivery[] {
    this.lastRead = entry;
    const deliveries = events.map(
      (event): WebhookDelivery => ({
        id: systemIds.uuid(),
        webhook: this.webhook,
        type: event.type,
        environment,
        body: bodyOf(event),
        entry,
        attempts: [],
        state: "pending",
        next_attempt_at: null,
      }),
    );
    if (deliveries.length === 0) this.hooks.onTaken(entry);
    else this.open.set(entry, new Set(deliveries));
    for (const delivery of deliveries) this.enqueue(delivery);
    return deliveries;
  }

  end(delivery: WebhookDelivery, state: "delivered" | "dropped"): void {
    delivery.state = state;
    const open = this.open.get(delivery.entry);
    if (!open?.delete(delivery) || open.size > 0) return;
    this.open.delete(delivery.entry);
    this.hooks.onTaken(delivery.entry);
  }

  /** Once more after a pause, unless it is forgotten by then. */
  later(delivery: WebhookDelivery, pause: number): void {
    if (this.stopped || this.open.get(delivery.entry)?.has(delivery) !== true) return;
    delivery.next_attempt_at = isoTime(Date.now() + pause);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.enqueue(delivery);
    }, pause);
    this.timers.add(timer);
  }

  /** Begins nothing more; resolves once what is under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.allSettled([...this.underWay]);
  }

  /** What is not told by now never will be. */
  forget(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    for (const deliveries of this.open.values())
      for (const delivery of deliveries) Object.assign(delivery, { state: "dropped", next_attempt_at: null });
    this.open.clear();
    this.ready.length = 0;
  }

  private enqueue(delivery: WebhookDelivery): void {
    this.ready.push(delivery);
    this.next();
  }

  private next(): void {
    while (!this.stopped && this.running < AT_ONCE) {
      const delivery = this.ready.shift();
      if (delivery === undefined) return;
      this.running++;
      const sent = this.hooks
        .send(delivery, this)
        .catch(this.hooks.onError)
        .then(() => {
          this.running--;
          this.underWay.delete(sent);
          this.next();
        });
      this.underWay.add(sent);
    }
  }
}
