import { type Webhook, wants } from "../../domain/environment/webhook.js";
import { messageOf } from "../../errors/knock-error.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { OutboundEntry, OutboundLog } from "../../ports/outbound-log.js";
import type { Fetcher } from "../../ports/outside.js";
import { systemIds } from "../../util/ids.js";
import { isoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { TakenEntries } from "./taken-entries.js";
import {
  attempt,
  deliveryShape,
  FIRST_PAUSE_MS,
  MAX_ATTEMPTS,
  TIMEOUT_MS,
  type WebhookDelivery,
} from "./webhook-delivery.js";
import { eventsOf } from "./webhook-event.js";
import { MOST_OPEN, WebhookReader, webhookId } from "./webhook-reader.js";

/** Other processes write to the log and nobody tells: so look this often, and seldom where no webhook is configured. */
const POLL_MS = 50;
const IDLE_MS = 500;
const HELD_MS = 30_000;
const HOLD_AGAIN_MS = 10_000;
/** Entries read at once. */
const CHUNK = 100;
const MOST_LISTED = 1_000;
/** What is under way at the stop has this long; what is not told by then is told after the next start. */
const GRACE_MS = 1_000;

export interface WebhookOptions {
  log: OutboundLog;
  fetcher: Fetcher;
  /** As configured now. */
  configured(): Promise<{
    webhooks: readonly Webhook[];
    environment: string;
    private_addresses: readonly string[];
  }>;
  /** Told of every attempt, and of what is dropped without one. */
  onAttempt(delivery: WebhookDelivery): void;
  first_pause_ms?: number;
  timeout_ms?: number;
  /** Entries under way to one webhook. */
  most_open?: number;
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
  private readonly taken: TakenEntries;
  /** By the webhook's id. */
  private readers = new Map<string, WebhookReader>();
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
    this.taken = new TakenEntries(options.log);
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
    for (const reader of this.readers.values()) reader.forget();
    this.taken.forget();
    this.listed.length = 0;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.looking;
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GRACE_MS);
    });
    await Promise.race([Promise.all([...this.readers.values()].map((reader) => reader.stop())), grace]);
    clearTimeout(timer);
    for (const reader of this.readers.values()) reader.forget();
    if (!this.holds) return;
    await this.taken.settle([...this.readers.keys()], true);
    await this.options.log.release(this.holder);
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
    await this.follow(webhooks);
    if (webhooks.length === 0) {
      if (this.holds || this.holdNextAt === 0) await log.stop(this.holder, Date.now());
      this.taken.forget();
      this.holds = false;
      this.holdNextAt = 1; // stopped: not again
      return false;
    }
    if (this.holds) await this.taken.settle([...this.readers.keys()]);
    if (Date.now() >= this.holdNextAt) {
      const held = this.holds;
      this.holds = await log.hold(this.holder, Date.now(), Date.now() + HELD_MS);
      this.holdNextAt = Date.now() + (this.holds ? HOLD_AGAIN_MS : IDLE_MS);
      if (this.holds && !held) await this.begin();
    }
    if (!this.holds) return false;
    await this.read(environment);
    return true;
  }

  /** Those that are configured now. */
  private async follow(webhooks: readonly Webhook[]): Promise<void> {
    const readers = new Map<string, WebhookReader>();
    for (const webhook of webhooks) {
      const id = webhookId(webhook);
      const reader = this.readers.get(id) ?? (await this.newReader(id, webhook));
      reader.webhook = webhook; // its signing key may be another
      readers.set(id, reader);
    }
    for (const [id, reader] of this.readers) if (!readers.has(id)) reader.forget();
    this.readers = readers;
  }

  /** Hears of what comes from now on, where the log is read already. */
  private async newReader(id: string, webhook: Webhook): Promise<WebhookReader> {
    const { log, most_open = MOST_OPEN } = this.options;
    const newest = this.holds ? await log.skip(id) : 0;
    if (newest > 0) await this.taken.load();
    const onTaken = (entry: number): void => this.taken.add(entry, id);
    const send = (delivery: WebhookDelivery, reader: WebhookReader): Promise<void> => this.send(delivery, reader);
    return new WebhookReader(webhook, newest, { send, onTaken, onError: this.surroundings.onError }, most_open);
  }

  /** What the log holds may have been told in part by another process, or before the last stop. */
  private async begin(): Promise<void> {
    this.taken.forget();
    await this.taken.load();
    for (const reader of this.readers.values()) {
      reader.forget();
      reader.lastRead = 0;
    }
  }

  /** Each webhook reads on from where it is, while it has room: one that hangs falls behind, and holds up no other. */
  private async read(environment: string): Promise<void> {
    for (;;) {
      const able = [...this.readers.values()].filter(({ hasRoom }) => hasRoom);
      if (able.length === 0 || this.stopped) return;
      let before = Math.min(...able.map(({ lastRead }) => lastRead));
      const entries = await this.options.log.read(before, CHUNK);
      for (const entry of entries) {
        await this.pass(entry, before, able, environment);
        before = entry.id;
      }
      if (entries.length < CHUNK) return;
    }
  }

  /** Gives an entry to those that have read up to `before`, and have room yet. */
  private async pass(entry: OutboundEntry, before: number, able: WebhookReader[], environment: string): Promise<void> {
    const { id } = entry;
    const next = able.filter(({ lastRead, hasRoom }) => hasRoom && lastRead >= before && lastRead < id);
    const wanting = next.filter((reader) => !this.taken.has(id, reader.id));
    for (const reader of next) if (!wanting.includes(reader)) reader.lastRead = id;
    if (wanting.length === 0) return;
    const events = await eventsOf(this.surroundings.operations, entry);
    for (const reader of wanting) {
      const wanted = events.filter((event) => wants(reader.webhook, event.type));
      this.listed.push(...reader.take(id, wanted, environment));
    }
    if (this.listed.length > MOST_LISTED) this.listed.splice(0, this.listed.length - MOST_LISTED);
  }

  private async send(delivery: WebhookDelivery, reader: WebhookReader): Promise<void> {
    const { fetcher, onAttempt, configured, timeout_ms = TIMEOUT_MS, first_pause_ms = FIRST_PAUSE_MS } = this.options;
    const { webhook, attempts } = delivery;
    const key = webhook.signing_key === null ? null : this.surroundings.readVariable(webhook.signing_key);
    delivery.next_attempt_at = null;
    const { private_addresses } = await configured();
    if (key === undefined || key === "") {
      const error = `the environment variable ${webhook.signing_key} is not set (signing_key refers to it)`;
      attempts.push({ at: isoTime(Date.now()), status: null, error, duration_ms: 0 });
      reader.end(delivery, "dropped");
    } else if (await attempt(delivery, { fetcher, key, timeout_ms, private_addresses })) {
      reader.end(delivery, "delivered");
    } else if (attempts.length >= MAX_ATTEMPTS) {
      reader.end(delivery, "dropped");
    } else {
      reader.later(delivery, first_pause_ms * 2 ** (attempts.length - 1));
    }
    onAttempt(delivery);
  }
}
