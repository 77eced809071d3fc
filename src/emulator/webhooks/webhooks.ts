import { type Webhook, wants } from "../../domain/environment/webhook.js";
import { messageOf } from "../../errors/knock-error.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { OutboundEntry, OutboundLog } from "../../ports/outbound-log.js";
import type { Fetcher } from "../../ports/outside.js";
import { systemIds } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import {
  attempt,
  deliveryShape,
  FIRST_PAUSE_MS,
  MAX_ATTEMPTS,
  TIMEOUT_MS,
  type WebhookDelivery,
} from "./webhook-delivery.js";
import { bodyOf, eventsOf, type WebhookEvent } from "./webhook-event.js";

/** Other processes write to the log and nobody tells: so look this often, and seldom where no webhook is configured. */
const POLL_MS = 50;
const IDLE_MS = 500;
const HELD_MS = 30_000;
const HOLD_AGAIN_MS = 10_000;
/** Entries read at once, and deliveries on their way above which none are: the log keeps the rest. */
const CHUNK = 100;
const MOST_OPEN = 2_000;
/** Requests under way to one URL: one that hangs holds up no other. */
const AT_ONCE = 8;
const MOST_LISTED = 1_000;
/** What is under way at the stop has this long; what is not told by then is told after the next start. */
const GRACE_MS = 1_000;

export interface WebhookOptions {
  log: OutboundLog;
  fetcher: Fetcher;
  /** As configured now. */
  configured(): Promise<{ webhooks: readonly Webhook[]; environment: string }>;
  /** Told of every attempt, and of what is dropped without one. */
  onAttempt(delivery: WebhookDelivery): void;
  first_pause_ms?: number;
  timeout_ms?: number;
}

interface Surroundings {
  operations: LocalOperations;
  readVariable(name: string): string | undefined;
  onError(error: unknown): void;
}

/** Tells webhooks of what happens in the store, at least once each, however long they take. */
export class Webhooks {
  private readonly holder = systemIds.uuid();
  private readonly listed: WebhookDelivery[] = [];
  /** Deliveries not yet ended, by log entry. */
  private readonly open = new Map<number, Set<WebhookDelivery>>();
  private readonly queues = new Map<string, { ready: WebhookDelivery[]; running: number }>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly underWay = new Set<Promise<void>>();
  private settled: number[] = [];
  private lastRead = 0;
  private holds = false;
  private holdNextAt = 0;
  private failure = "";
  private stopped = false;
  private wake = (): void => {};
  private readonly looking: Promise<void>;

  constructor(
    private readonly options: WebhookOptions,
    private readonly surroundings: Surroundings,
  ) {
    this.looking = this.run();
  }

  /** The latest 1,000 deliveries, oldest first. */
  list(): JsonObject[] {
    return this.listed.map(deliveryShape);
  }

  /** Something that happened outside the store: a project's file changed. */
  async publish(type: string, document: JsonObject): Promise<void> {
    if (this.holds) await this.options.log.record(type, Date.now(), document);
  }

  /** Forgets what is still to be told, and what was. */
  async clear(): Promise<void> {
    await this.options.log.clear();
    this.forget();
    this.listed.length = 0;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.looking;
    for (const timer of this.timers) clearTimeout(timer);
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GRACE_MS);
    });
    await Promise.race([Promise.allSettled([...this.underWay]), grace]);
    clearTimeout(timer);
    await this.settle();
    if (this.holds) await this.options.log.release(this.holder);
    this.forget();
  }

  private forget(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.open.clear();
    this.queues.clear();
    this.settled = [];
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      let pause = IDLE_MS;
      try {
        pause = (await this.look()) ? POLL_MS : IDLE_MS;
        this.failure = "";
      } catch (error) {
        // It will most likely last: said once.
        if (messageOf(error) !== this.failure) this.surroundings.onError(error);
        this.failure = messageOf(error);
      }
      if (this.stopped) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Whether there are webhooks, and this process tells them. */
  private async look(): Promise<boolean> {
    const { log, configured } = this.options;
    const { webhooks, environment } = await configured();
    await this.settle();
    if (webhooks.length === 0) {
      if (this.holds || this.holdNextAt === 0) await log.stop(this.holder, Date.now());
      this.holds = false;
      this.holdNextAt = 1; // stopped: not again
      return false;
    }
    if (Date.now() >= this.holdNextAt) {
      const held = this.holds;
      this.holds = await log.hold(this.holder, Date.now(), Date.now() + HELD_MS);
      this.holdNextAt = Date.now() + (this.holds ? HOLD_AGAIN_MS : IDLE_MS);
      if (this.holds && !held) this.lastRead = 0;
    }
    if (!this.holds) return false;
    while (!this.stopped && this.open.size < MOST_OPEN) {
      const entries = await log.read(this.lastRead, CHUNK);
      for (const entry of entries) if (!this.open.has(entry.id)) await this.begin(entry, webhooks, environment);
      if (entries.length < CHUNK) break;
    }
    return true;
  }

  private async begin(entry: OutboundEntry, webhooks: readonly Webhook[], environment: string): Promise<void> {
    const deliveries = (await eventsOf(this.surroundings.operations, entry)).flatMap((event) =>
      webhooks
        .filter((webhook) => wants(webhook, event.type))
        .map((webhook) => newDelivery(entry, event, webhook, environment)),
    );
    this.lastRead = entry.id;
    if (deliveries.length === 0) this.settled.push(entry.id);
    else this.open.set(entry.id, new Set(deliveries));
    for (const delivery of deliveries) {
      this.listed.push(delivery);
      this.enqueue(delivery);
    }
    if (this.listed.length > MOST_LISTED) this.listed.splice(0, this.listed.length - MOST_LISTED);
  }

  private enqueue(delivery: WebhookDelivery): void {
    const { url } = delivery.webhook;
    const queue = this.queues.get(url) ?? { ready: [], running: 0 };
    this.queues.set(url, queue);
    queue.ready.push(delivery);
    this.next(queue);
  }

  private next(queue: { ready: WebhookDelivery[]; running: number }): void {
    while (!this.stopped && queue.running < AT_ONCE) {
      const delivery = queue.ready.shift();
      if (delivery === undefined) return;
      queue.running++;
      const sent = this.send(delivery)
        .catch(this.surroundings.onError)
        .then(() => {
          queue.running--;
          this.underWay.delete(sent);
          this.next(queue);
        });
      this.underWay.add(sent);
    }
  }

  private async send(delivery: WebhookDelivery): Promise<void> {
    const { fetcher, onAttempt, timeout_ms = TIMEOUT_MS, first_pause_ms = FIRST_PAUSE_MS } = this.options;
    const { webhook, attempts } = delivery;
    const key = webhook.signing_key === null ? null : this.surroundings.readVariable(webhook.signing_key);
    delivery.next_attempt_at = null;
    if (key === undefined || key === "") {
      const error = `the environment variable ${webhook.signing_key} is not set (signing_key refers to it)`;
      attempts.push({ at: new Date().toISOString(), status: null, error, duration_ms: 0 });
      this.end(delivery, "dropped");
    } else if (await attempt(delivery, { fetcher, key, timeout_ms })) {
      this.end(delivery, "delivered");
    } else if (attempts.length >= MAX_ATTEMPTS) {
      this.end(delivery, "dropped");
    } else {
      this.later(delivery, first_pause_ms * 2 ** (attempts.length - 1));
    }
    onAttempt(delivery);
  }

  private later(delivery: WebhookDelivery, pause: number): void {
    if (this.stopped || !this.isOpen(delivery)) return;
    delivery.next_attempt_at = new Date(Date.now() + pause).toISOString();
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.enqueue(delivery);
    }, pause);
    this.timers.add(timer);
  }

  private isOpen(delivery: WebhookDelivery): boolean {
    return this.open.get(delivery.entry)?.has(delivery) === true;
  }

  private end(delivery: WebhookDelivery, state: "delivered" | "dropped"): void {
    delivery.state = state;
    const open = this.open.get(delivery.entry);
    if (open?.delete(delivery) && open.size === 0) {
      this.open.delete(delivery.entry);
      this.settled.push(delivery.entry);
    }
  }

  /** Many at once: a write of its own for each would hold up requests. */
  private async settle(): Promise<void> {
    const ids = this.settled;
    this.settled = [];
    await this.options.log.settle(ids);
  }
}

function newDelivery(
  entry: OutboundEntry,
  event: WebhookEvent,
  webhook: Webhook,
  environment: string,
): WebhookDelivery {
  return {
    id: systemIds.uuid(),
    webhook,
    type: event.type,
    environment,
    body: bodyOf(event),
    entry: entry.id,
    attempts: [],
    state: "pending",
    next_attempt_at: null,
  };
}
