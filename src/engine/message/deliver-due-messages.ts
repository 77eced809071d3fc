import { buildUndeclaredChannel, type Channel, type Environment } from "../../domain/environment/environment.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { DeliveryLog } from "../../domain/message/delivery-log.js";
import type { Message } from "../../domain/message/message.js";
import { type Recipient, type RecipientKey, TENANTS, toRecipientKey } from "../../domain/recipient/recipient.js";
import { getErrorMessage } from "../../errors/knock-error.js";
import type { MessageStore } from "../../ports/message-store.js";
import type { Delivery, RecordExchange, StoredChannelData } from "../../ports/provider.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import { createKsuid } from "../../util/ids.js";
import { isJsonObject } from "../../util/json.js";
import type { EngineContext } from "../context/engine-context.js";
import { deregisterTokens } from "./deregister-tokens.js";
import { isSandboxed, setStatus } from "./message-state.js";
import type { FoundConnection } from "./store-connections.js";

/** E-209, EQ-33: eight attempts, waiting 14, 28, … 896 s between them, each ±20 %. */
const MAX_ATTEMPTS = 8;
const FIRST_RETRY_DELAY_MS = 14_000;
const JITTER = 0.2;
/** A provider that asks for more than this is asked again then: the eight attempts are meant for 30 minutes. */
const MAX_RETRY_AFTER_MS = 30 * 60_000;

/** E-212: when a provider is first asked what became of a message; `check-delivery.ts` has the rest. */
const FIRST_CHECK_MS = 5_000;

const MAX_MESSAGES_PER_CHUNK = 100;
const DELIVERY_LEASE_MS = 120_000;

function resolveMessageChannel(message: Message, environment: Environment): Channel {
  return (
    environment.channels[message.channel.key] ?? {
      ...buildUndeclaredChannel(message.channel.key, message.channel.type),
      id: message.channel.id,
    }
  );
}

type FailedDelivery = Extract<Delivery, { status: "failed" }>;

/** When the next attempt is due: the backoff, or later where the provider said so (CH-042). */
function computeRetryTime(
  attempt: number,
  { retry_after_ms = 0 }: FailedDelivery,
  now: number,
  random: number,
): number {
  const backoff = Math.round(FIRST_RETRY_DELAY_MS * 2 ** (attempt - 1) * (1 + JITTER * (2 * random - 1)));
  return now + Math.max(backoff, Math.min(retry_after_ms, MAX_RETRY_AFTER_MS));
}

function recordFailure(message: Message, failed: FailedDelivery, now: number, random: number): void {
  const { retryable, reason } = failed;
  const attempt = message.attempts;
  setStatus(message, "delivery_attempted", now, {
    attempt,
    max_attempts: MAX_ATTEMPTS,
    retryable,
    failure_details: reason,
  });
  if (retryable && attempt < MAX_ATTEMPTS) {
    setStatus(message, "queued", now);
    message.due_at = computeRetryTime(attempt, failed, now, random);
  } else {
    setStatus(message, "undelivered", now, {
      failure_reason: retryable ? "retries_exhausted" : "fatal_error",
      failure_details: reason,
    });
    message.due_at = null;
  }
}

/** Applies what a provider answered (E-204 to E-210). */
function applyDelivery(message: Message, delivery: Delivery, now: number, random: number): void {
  if (delivery.status === "failed") {
    recordFailure(message, delivery, now, random);
    return;
  }
  message.due_at = null;
  if (delivery.status === "bounced") {
    const { reason, token } = delivery;
    setStatus(message, "bounced", now, { failure_details: reason, ...(token === undefined ? {} : { token }) });
    return;
  }
  if (delivery.metadata) message.metadata = { ...message.metadata, ...delivery.metadata };
  setStatus(message, delivery.status, now);
  if (delivery.tracked) message.due_at = now + FIRST_CHECK_MS;
}

/** Whether a message has a way to go: the feed is its own delivery, a sandboxed message stays (E-205, E-208). */
function isSentToProvider(message: Message): boolean {
  return !hasTrait(message.channel.type, "isFeed") && !isSandboxed(message);
}

function getTenantKey({ tenant }: Message): RecipientKey | null {
  return tenant === null ? null : toRecipientKey({ id: tenant, collection: TENANTS });
}

/** Chat needs connections and tokens, which content does not hold: one read for a whole chunk. */
async function readStoredChannelData(
  { store }: EngineContext<RecipientStore>,
  messages: readonly Message[],
): Promise<(message: Message) => StoredChannelData> {
  const keys = new Set(
    messages
      .filter((message) => hasTrait(message.channel.type, "hasConnections") && isSentToProvider(message))
      .flatMap((message) => [message.recipient, getTenantKey(message) ?? []].flat()),
  );
  const read: ReadonlyMap<RecipientKey, Recipient> =
    keys.size === 0 ? new Map() : await store.readRecipients([...keys]);
  return (message) => {
    const tenant = getTenantKey(message);
    const of = (key: RecipientKey | null) => (key && read.get(key)?.channel_data[message.channel.id]) ?? {};
    return { recipient: of(message.recipient), tenant: of(tenant) };
  };
}

interface AttemptContext {
  logs: DeliveryLog[];
  foundConnections: FoundConnection[];
  environment: Environment;
  getStoredChannelData: (message: Message) => StoredChannelData;
  now: number;
}

/** What is wrong with the connection or the thread that the template gave: nobody is asked to deliver there (E-187, CH-177). */
function findChatError({ content: { metadata } }: Message): string | null {
  const fault = isJsonObject(metadata) ? (metadata.connection_fault ?? metadata.reply_fault) : null;
  return typeof fault === "string" ? fault : null;
}

/** The step whose message this one replies to (E-188). */
function findReplyStepRef({ content: { metadata } }: Message): string | null {
  return isJsonObject(metadata) && typeof metadata.reply_to_step_ref === "string" ? metadata.reply_to_step_ref : null;
}

async function attempt(
  context: EngineContext<MessageStore>,
  message: Message,
  { logs, foundConnections: found, environment, getStoredChannelData: storedFor, now }: AttemptContext,
) {
  const channel = resolveMessageChannel(message, environment);
  const recordExchange: RecordExchange = (exchange) => {
    logs.push({ ...exchange, id: createKsuid(now, context.ids.ksuidPayload()), message_id: message.id, at: now });
  };
  if (message.status === "sent") {
    const { checkDelivery } = await import("./check-delivery.js");
    await checkDelivery(message, channel, channel.deliver ? context.findProvider(channel) : null, recordExchange, now);
    return;
  }
  if (!isSentToProvider(message) || !channel.deliver) {
    // Held back by a send window until now, or its channel has become a sandbox since (CH-003): nothing leaves.
    message.due_at = null;
    setStatus(message, hasTrait(message.channel.type, "isFeed") ? "delivered" : "not_sent", now);
    return;
  }
  const ref = findReplyStepRef(message);
  let sent = message;
  let fault = findChatError(message);
  if (ref !== null) {
    const { addParentMessage: asReply, findParentMessage: findParent } = await import("./find-parent-message.js");
    const parent = await findParent(context, message, ref, now);
    if ("at" in parent) {
      message.due_at = parent.at;
      return;
    }
    if ("fault" in parent) fault ??= parent.fault;
    sent = asReply(message, parent);
  }
  message.attempts += 1;
  try {
    if (fault !== null) {
      applyDelivery(message, { status: "failed", retryable: false, reason: fault }, now, context.random());
      return;
    }
    const provider = context.findProvider(channel);
    const delivery: Delivery = provider
      ? await provider.send(sent, channel, storedFor(message), recordExchange)
      : { status: "failed", retryable: false, reason: `nothing here delivers for channel "${channel.key}"` };
    applyDelivery(message, delivery, now, context.random());
    if ("connection" in delivery && delivery.connection) found.push({ message, connection: delivery.connection });
  } catch (error) {
    // A provider answers failures; what it throws is unforeseen, and may pass.
    applyDelivery(
      message,
      { status: "failed", retryable: true, reason: getErrorMessage(error) },
      now,
      context.random(),
    );
  }
}

/** Told of each delivery attempt: why it failed, or null. */
export type OnDelivered = (message: Message, failure: string | null) => void;

function findFailureReason(message: Message, now: number): string | null {
  if (message.status === "sent" || message.status === "delivered") return null;
  const failed = message.events.findLast(({ at, data }) => at === now && typeof data?.failure_details === "string");
  return failed === undefined ? null : String(failed.data?.failure_details);
}

/** Hands over every message due at `now`; returns how many. A failed delivery never touches its run (CH-049). */
export async function deliverDueMessages(
  context: EngineContext<MessageStore & RecipientStore>,
  now: number,
  onDelivered?: OnDelivered,
): Promise<number> {
  let count = 0;
  for (;;) {
    const token = context.ids.uuid();
    const realNow = context.realNow();
    const messages = await context.store.claimDueMessages(
      { now, realNow, leaseUntil: realNow + DELIVERY_LEASE_MS, token },
      MAX_MESSAGES_PER_CHUNK,
    );
    if (messages.length === 0) return count;
    const [environment, storedFor] = await Promise.all([
      context.definitions.environment(),
      readStoredChannelData(context, messages),
    ]);
    const logs: DeliveryLog[] = [];
    const found: FoundConnection[] = [];
    const shared = { logs, foundConnections: found, environment, getStoredChannelData: storedFor, now };
    const otherMessages = messages.filter((message) => findReplyStepRef(message) === null);
    await Promise.all(otherMessages.map((message) => attempt(context, message, shared)));
    await context.store.saveMessages(otherMessages, token, logs.splice(0));
    // One by one, as they were made: what one replies to may have been sent just now, and must be on record.
    for (const reply of messages.filter((message) => findReplyStepRef(message) !== null)) {
      await attempt(context, reply, shared);
      await context.store.saveMessages([reply], token, logs.splice(0));
    }
    if (onDelivered) for (const message of messages) onDelivered(message, findFailureReason(message, now));
    if (found.length > 0) await (await import("./store-connections.js")).storeConnections(context, found, now);
    await deregisterTokens(context, messages, environment, now);
    count += messages.length;
  }
}
