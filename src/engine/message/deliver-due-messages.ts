import type { Environment } from "../../domain/environment/environment.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { DeliveryLog } from "../../domain/message/delivery-log.js";
import type { Message } from "../../domain/message/message.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import { REASONS } from "../../domain/run/reasons.js";
import { hasFailedAlone } from "../../domain/run/suspicion.js";
import { toMessageFields } from "../../domain/run/work-fields.js";
import { getErrorMessage } from "../../errors/knock-error.js";
import type { DueStore, WorkScope } from "../../ports/due-store.js";
import { toProjectName } from "../../ports/due-work.js";
import type { MessageStore } from "../../ports/message-store.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { getClaimLimit } from "../context/delivery-rates.js";
import { createClaimToken, type EngineContext } from "../context/engine-context.js";
import { doInParts, RETRY_MS } from "../context/work-failures.js";
import {
  type AttemptContext,
  attemptDelivery,
  failDelivery,
  findReplyStepRef,
  readStoredChannelData,
  type SettledDelivery,
} from "./attempt-delivery.js";
import { SettledDeliveries } from "./settled-deliveries.js";
import { storeConnections } from "./store-connections.js";

/** Returns the invalid device token of a bounced push message, or null. */
function findBouncedToken(message: Message): string | null {
  if (!hasTrait(message.channel.type, "hasDevices") || message.status !== "bounced") return null;
  const token = message.events.findLast((event) => event.type === "bounced")?.data?.token;
  return typeof token === "string" ? token : null;
}

/** Returns push channel data without some tokens, in all of its forms: lists of tokens, and `devices` (CH-240 to CH-242). */
function removeTokens(data: JsonObject, tokens: ReadonlySet<Json>): JsonObject {
  const kept: JsonObject = { ...data };
  for (const name of ["tokens", "target_arns", "player_ids"]) {
    const list = data[name];
    if (Array.isArray(list)) kept[name] = list.filter((token) => !tokens.has(token));
  }
  const isRemoved = (device: Json): boolean =>
    isJsonObject(device) && tokens.has(device.token ?? device.target_arn ?? null);
  if (Array.isArray(data.devices)) kept.devices = data.devices.filter((device) => !isRemoved(device));
  return kept;
}

/**
 * Removes bounced tokens from the channel data of their recipients, so that the next push does not use them. A channel with
 * `token_deregistration: false` keeps them (CH-134, CHQ-6, E-215).
 */
async function deregisterTokens(
  { store, ownWork }: EngineContext<RecipientStore>,
  messages: readonly Message[],
  environment: Environment,
  now: number,
): Promise<void> {
  const bouncedTokens = new Map<RecipientKey, Map<string, Set<Json>>>();
  for (const message of messages) {
    const token = findBouncedToken(message);
    if (token === null || environment.channels[message.channel.key]?.settings.token_deregistration === false) continue;
    const channels = bouncedTokens.get(message.recipient) ?? new Map<string, Set<Json>>();
    channels.set(message.channel.id, (channels.get(message.channel.id) ?? new Set()).add(token));
    bouncedTokens.set(message.recipient, channels);
  }
  if (bouncedTokens.size === 0) return;
  const recipients = await store.readRecipients([...bouncedTokens.keys()]);
  const writes = [...bouncedTokens].flatMap(([recipient, channels]) =>
    [...channels].flatMap(([channel_id, tokens]) => {
      const data = recipients.get(recipient)?.channel_data[channel_id];
      return data === undefined ? [] : [{ recipient, channel_id, data: removeTokens(data, tokens) }];
    }),
  );
  ownWork?.add((await store.writeChannelData(writes, now)).caused);
}

const MAX_MESSAGES_PER_CLAIM = 100;
const DELIVERY_LEASE_MS = 120_000;

/** Receives each message after a delivery attempt, with the reason if the attempt failed, or else null. */
export type OnDelivered = (message: Message, failure: string | null) => void;

function findFailureReason(message: Message, now: number): string | null {
  if (message.status === "sent" || message.status === "delivered") return null;
  const failed = message.events.findLast(({ at, data }) => at === now && typeof data?.failure_details === "string");
  return failed === undefined ? null : String(failed.data?.failure_details);
}

/**
 * Delivers all messages of the context that are due at `now` and returns their number. When `signal` is aborted, no more are
 * claimed. A failed delivery never changes its run (CH-049).
 */
export function deliverDueMessages(
  context: EngineContext<MessageStore & RecipientStore & DueStore>,
  now: number,
  onDelivered?: OnDelivered,
  signal?: AbortSignal,
): Promise<number> {
  return new DueDeliveries(context, now, onDelivered, signal).run();
}

/** Claimed messages, and what their attempts share. */
interface ClaimedMessages {
  messages: Message[];
  token: string;
  shared: AttemptContext;
}

/** Delivers due messages, each channel independently of the others, because the providers of some may be slow. */
class DueDeliveries {
  private readonly settled = new SettledDeliveries((token, deliveries) => this.save(token, deliveries));
  /** The deliveries in progress, by the id of their channel. */
  private readonly channels = new Map<string, Promise<void>>();
  /** The first error of a channel. No channel is started after it. */
  private failure: { error: unknown } | null = null;
  private count = 0;

  constructor(
    private readonly context: EngineContext<MessageStore & RecipientStore & DueStore>,
    private readonly now: number,
    private readonly onDelivered: OnDelivered | undefined,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async run(): Promise<number> {
    try {
      while (this.failure === null) {
        // Suspected messages are delivered one by one.
        const claimed =
          this.context.ownWork?.scope.suspected && this.channels.size > 0
            ? null
            : await this.claim({ exceptChannels: [...this.channels.keys()] });
        for (const channel of new Set(claimed?.messages.map((message) => message.channel.id)))
          this.startChannel(channel, claimed as ClaimedMessages);
        if (claimed !== null) continue;
        if (this.channels.size === 0) break;
        await Promise.race(this.channels.values());
      }
    } finally {
      await Promise.all(this.channels.values());
    }
    // A channel may fail while others are claimed, so its error is kept until here.
    if (this.failure !== null) throw this.failure.error;
    return this.count;
  }

  private async claim(scope: WorkScope): Promise<ClaimedMessages | null> {
    const { context, now } = this;
    if (this.signal?.aborted) return null;
    const environment = await context.definitions.environment();
    const token = createClaimToken(context);
    const claim = { now, leaseMs: DELIVERY_LEASE_MS, token, scope: { ...context.ownWork?.scope, ...scope } };
    const limit = getClaimLimit(environment, claim.scope.channel) ?? MAX_MESSAGES_PER_CLAIM;
    const found = await context.store.claimDueMessages(claim, Math.min(limit, MAX_MESSAGES_PER_CLAIM));
    if (found.length === 0) return null;
    const messages = context.leaving
      ? await context.leaving.keepOwn(found, token, ({ channel: { key } }) =>
          Object.hasOwn(environment.channels, key) ? null : toProjectName("channel", key),
        )
      : found;
    const getStoredChannelData = await readStoredChannelData(context, messages);
    return { messages, token, shared: { environment, getStoredChannelData, now } };
  }

  /** Delivers the messages of a channel in a claim, and then all others of the channel that are due. */
  private startChannel(channel: string, first: ClaimedMessages): void {
    const messages = first.messages.filter((message) => message.channel.id === channel);
    const deliver = async () => {
      for (let claimed: ClaimedMessages | null = { ...first, messages }; claimed !== null; ) {
        await this.deliver(claimed);
        claimed = await this.claim({ channel });
      }
    };
    const delivered = deliver()
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => this.channels.delete(channel));
    this.channels.set(channel, delivered);
  }

  private async deliver({ messages, token, shared }: ClaimedMessages): Promise<void> {
    const deathsAlone = this.context.store.getDeathsAlone(token);
    const attempt = async (message: Message): Promise<void> => {
      if (message.status !== "sent") await this.context.deliveryRates?.acquire(shared.environment, message.channel.id);
      await this.settled.run(token, async () =>
        hasFailedAlone(deathsAlone)
          ? {
              message: failDelivery(this.context, message, REASONS.worker_crashed, this.now),
              logs: [],
              foundConnections: [],
            }
          : attemptDelivery(this.context, message, shared),
      );
    };
    await Promise.all(messages.filter((message) => findReplyStepRef(message) === null).map(attempt));
    // Replies are sent one by one in the order of their creation, because the message that one replies to must be saved first.
    for (const reply of messages.filter((message) => findReplyStepRef(message) !== null)) await attempt(reply);
    await deregisterTokens(this.context, messages, shared.environment, this.now);
    if (deathsAlone !== null) await this.context.store.settleSuspected(token, { isDone: true });
  }

  private async save(token: string, deliveries: readonly SettledDelivery[]): Promise<void> {
    const { context, now } = this;
    const unsaved = await doInParts(context.store, deliveries, (part) =>
      this.saveMessages(
        part.map(({ message }) => message),
        token,
        part.flatMap(({ logs }) => logs),
      ),
    );
    let commonError: { error: unknown } | null = null;
    for (const { item, error } of unsaved) if (await this.setAside(token, item, error)) commonError = { error };
    if (commonError !== null) throw commonError.error;
    const foundConnections = deliveries.flatMap((delivery) => delivery.foundConnections);
    if (foundConnections.length === 0) return;
    await storeConnections(context, foundConnections, now);
  }

  private async saveMessages(
    messages: readonly Message[],
    token: string,
    logs: readonly DeliveryLog[],
    failure?: string,
  ): Promise<void> {
    const { context, now } = this;
    const { saved, caused } = await context.store.saveMessages(messages, token, logs);
    context.ownWork?.add(caused);
    if (failure === undefined) context.workFailures.messages.recordSuccess(saved);
    this.count += messages.length;
    for (const message of messages)
      if (saved.has(message.id)) this.onDelivered?.(message, failure ?? findFailureReason(message, now));
  }

  /**
   * Saves a message as it was before an attempt whose result cannot be saved, so that the others of its channel need not wait for it.
   * It is tried again later, or ends as undelivered. If this cannot be saved either, the end of its lease makes it due again.
   * Returns whether many messages fail with the error.
   */
  private async setAside(token: string, { message }: SettledDelivery, error: unknown): Promise<boolean> {
    const { context, now } = this;
    const reason = getErrorMessage(error);
    const { hasEnded, isCommon } = context.workFailures.messages.recordFailure(message.id, reason);
    const [stored] = await context.store.readMessages([message.id]);
    if (stored === undefined) return isCommon;
    context.warn?.(`the delivery of message ${message.id} could not be saved: ${reason}`, toMessageFields(message));
    if (message.secrets !== undefined) stored.secrets = message.secrets;
    if (hasEnded) failDelivery(context, stored, reason, now);
    else stored.due_at = now + RETRY_MS;
    await doInParts(context.store, [stored], (part) => this.saveMessages(part, token, [], reason));
    return isCommon;
  }
}
