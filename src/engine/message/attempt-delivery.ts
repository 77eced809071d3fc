import { buildUndeclaredChannel, type Channel, type Environment } from "../../domain/environment/environment.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { DeliveryLog } from "../../domain/message/delivery-log.js";
import type { Message } from "../../domain/message/message.js";
import { type Recipient, type RecipientKey, TENANTS, toRecipientKey } from "../../domain/recipient/recipient.js";
import { getErrorMessage } from "../../errors/knock-error.js";
import type { MessageStore } from "../../ports/message-store.js";
import type { Delivery, DeliveryCheck, Provider, RecordExchange, StoredChannelData } from "../../ports/provider.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import { createKsuid } from "../../util/ids.js";
import { isJsonObject } from "../../util/json.js";
import type { EngineContext } from "../context/engine-context.js";
import { addParentMessage, findParentMessage } from "./find-parent-message.js";
import { isSandboxed, setStatus } from "./message-state.js";
import type { FoundConnection } from "./store-connections.js";

/** Seconds after sending at which the provider is asked for the status: ten times within 30 minutes (CH-045, E-212). */
const CHECK_DELAYS_S = [5, 15, 30, 60, 120, 240, 480, 840, 1_260, 1_800];

/** Returns the next time to ask, null after the last one. Times that were missed are skipped, so a late process asks once. */
function findNextCheckTime({ events, inserted_at }: Message, now: number): number | null {
  const sentAt = events.findLast(({ type }) => type === "sent")?.at ?? inserted_at;
  const next = CHECK_DELAYS_S.find((seconds) => sentAt + seconds * 1_000 > now);
  return next === undefined ? null : sentAt + next * 1_000;
}

/** Asks the provider for the delivery status. A failed request counts as pending, because the next one can succeed. */
async function askProvider(
  message: Message,
  channel: Channel,
  provider: Provider | null,
  record: RecordExchange,
): Promise<DeliveryCheck> {
  if (provider?.check === undefined) return { status: "unknown", reason: "" };
  try {
    return await provider.check(message, channel, record);
  } catch {
    return { status: "pending" };
  }
}

/**
 * Updates a sent message to delivered, bounced or undelivered, as its provider reports. If the provider cannot report the
 * status, the message stays `sent` (E-204, E-207, E-212).
 */
async function checkDelivery(
  message: Message,
  channel: Channel,
  provider: Provider | null,
  record: RecordExchange,
  now: number,
): Promise<void> {
  const checkResult = await askProvider(message, channel, provider, record);
  message.due_at = checkResult.status === "pending" ? findNextCheckTime(message, now) : null;
  if (checkResult.status === "delivered") setStatus(message, "delivered", now);
  if (checkResult.status === "bounced") setStatus(message, "bounced", now, { failure_details: checkResult.reason });
  if (checkResult.status === "undelivered")
    setStatus(message, "undelivered", now, { failure_reason: "fatal_error", failure_details: checkResult.reason });
}

/** Limits the attempts to deliver a message. The waits between them are 14, 28, … 896 seconds, each ±20 % (E-209, EQ-33). */
const MAX_ATTEMPTS = 8;
const FIRST_RETRY_DELAY_MS = 14_000;
const JITTER = 0.2;
/** Limits a wait that a provider asks for. Longer waits would delay a message by hours. */
const MAX_RETRY_AFTER_MS = 30 * 60_000;

function resolveMessageChannel(message: Message, environment: Environment): Channel {
  return (
    environment.channels[message.channel.key] ?? {
      ...buildUndeclaredChannel(message.channel.key, message.channel.type),
      id: message.channel.id,
    }
  );
}

type FailedDelivery = Extract<Delivery, { status: "failed" }>;

/** Returns when the next attempt is due: after the backoff, or later if the provider asked for it (CH-042). */
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

/** Applies the result of a delivery to the message (E-204 to E-210). */
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
  if (delivery.tracked) message.due_at = findNextCheckTime(message, now);
}

/** Returns whether a message is sent to a provider. Feed messages and sandboxed messages are only stored (E-205, E-208). */
function isSentToProvider(message: Message): boolean {
  return !hasTrait(message.channel.type, "isFeed") && !isSandboxed(message);
}

function getTenantKey({ tenant }: Message): RecipientKey | null {
  return tenant === null ? null : toRecipientKey({ id: tenant, collection: TENANTS });
}

/** Reads the connections and tokens for the chat messages of a chunk at once, because content does not contain them. */
export async function readStoredChannelData(
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
    const getData = (key: RecipientKey | null) => (key && read.get(key)?.channel_data[message.channel.id]) ?? {};
    return { recipient: getData(message.recipient), tenant: getData(tenant) };
  };
}

/** The values that the attempts of a claim share. */
export interface AttemptContext {
  environment: Environment;
  getStoredChannelData: (message: Message) => StoredChannelData;
  now: number;
}

/** Returns the error in the connection or thread that the template sets. A message with one is not sent (E-187, CH-177). */
function findChatError({ content: { metadata } }: Message): string | null {
  const problem = isJsonObject(metadata) ? (metadata.connection_fault ?? metadata.reply_fault) : null;
  return typeof problem === "string" ? problem : null;
}

/** Returns the ref of the step whose message this one replies to. Null if it is not a reply (E-188). */
export function findReplyStepRef({ content: { metadata } }: Message): string | null {
  return isJsonObject(metadata) && typeof metadata.reply_to_step_ref === "string" ? metadata.reply_to_step_ref : null;
}

/** A message after an attempt, with what else the attempt found. */
export interface SettledDelivery {
  message: Message;
  logs: DeliveryLog[];
  foundConnections: FoundConnection[];
}

/** Delivers a message, or asks for the delivery status of a sent one. Changes the message and does not save it. */
export async function attemptDelivery(
  context: EngineContext<MessageStore>,
  message: Message,
  shared: AttemptContext,
): Promise<SettledDelivery> {
  const settled: SettledDelivery = { message, logs: [], foundConnections: [] };
  await attempt(context, settled, shared);
  return settled;
}

/** Ends the delivery of a message that cannot be delivered because of an error in knock. Returns the message. */
export function failDelivery(context: EngineContext<unknown>, message: Message, reason: string, now: number): Message {
  if (message.status === "sent") message.due_at = null;
  else applyDelivery(message, { status: "failed", retryable: false, reason }, now, context.random());
  return message;
}

async function attempt(
  context: EngineContext<MessageStore>,
  { message, logs, foundConnections }: SettledDelivery,
  { environment, getStoredChannelData, now }: AttemptContext,
): Promise<void> {
  const channel = resolveMessageChannel(message, environment);
  const recordExchange: RecordExchange = (exchange) => {
    logs.push({ ...exchange, id: createKsuid(now, context.ids.ksuidPayload()), message_id: message.id, at: now });
  };
  if (message.status === "sent") {
    await checkDelivery(message, channel, channel.deliver ? context.findProvider(channel) : null, recordExchange, now);
    return;
  }
  if (!isSentToProvider(message) || !channel.deliver) {
    // These are feed and sandboxed messages that a send window delayed, and messages whose channel has become a sandbox
    // since they were created (CH-003). None of them is sent.
    message.due_at = null;
    setStatus(message, hasTrait(message.channel.type, "isFeed") ? "delivered" : "not_sent", now);
    return;
  }
  const ref = findReplyStepRef(message);
  let sent = message;
  let problem = findChatError(message);
  if (ref !== null) {
    const parent = await findParentMessage(context, message, ref, now);
    if ("retryAt" in parent) {
      message.due_at = parent.retryAt;
      return;
    }
    if ("error" in parent) problem ??= parent.error;
    sent = addParentMessage(message, parent);
  }
  message.attempts += 1;
  try {
    if (problem !== null) {
      applyDelivery(message, { status: "failed", retryable: false, reason: problem }, now, context.random());
      return;
    }
    const provider = context.findProvider(channel);
    const delivery: Delivery = provider
      ? await provider.send(sent, channel, getStoredChannelData(message), recordExchange)
      : { status: "failed", retryable: false, reason: `no provider is configured for channel "${channel.key}"` };
    applyDelivery(message, delivery, now, context.random());
    if ("connection" in delivery && delivery.connection)
      foundConnections.push({ message, connection: delivery.connection });
  } catch (error) {
    // A provider returns the failures that it knows, so an error that it throws is unexpected and can be temporary.
    applyDelivery(
      message,
      { status: "failed", retryable: true, reason: getErrorMessage(error) },
      now,
      context.random(),
    );
  }
}
