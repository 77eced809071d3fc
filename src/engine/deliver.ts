import { type Channel, type Environment, undeclaredChannel } from "../domain/environment.js";
import type { Message } from "../domain/message.js";
import { messageOf } from "../errors/knock-error.js";
import type { Delivery } from "../ports/provider.js";
import type { EngineContext } from "./engine-context.js";
import { isSandboxed, setStatus } from "./message-state.js";

/** E-209, EQ-33: eight attempts, waiting 14, 28, … 896 s between them, each ±20 %. */
const MAX_ATTEMPTS = 8;
const FIRST_WAIT_MS = 14_000;
const JITTER = 0.2;

const CHUNK = 100;
const LEASE_MS = 120_000;

function channelOf(message: Message, environment: Environment): Channel {
  return (
    environment.channels[message.channel.key] ?? {
      ...undeclaredChannel(message.channel.key, message.channel.type),
      id: message.channel.id,
    }
  );
}

function fail(message: Message, reason: string, retryable: boolean, now: number, random: number): void {
  const attempt = message.attempts;
  setStatus(message, "delivery_attempted", now, {
    attempt,
    max_attempts: MAX_ATTEMPTS,
    retryable,
    failure_details: reason,
  });
  if (retryable && attempt < MAX_ATTEMPTS) {
    setStatus(message, "queued", now);
    message.due_at = now + Math.round(FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + JITTER * (2 * random - 1)));
  } else {
    setStatus(message, "undelivered", now, {
      failure_reason: retryable ? "retries_exhausted" : "fatal_error",
      failure_details: reason,
    });
    message.due_at = null;
  }
}

/** Applies what a provider answered (E-204 to E-210). */
function settle(message: Message, delivery: Delivery, now: number, random: number): void {
  if (delivery.status === "failed") {
    fail(message, delivery.reason, delivery.retryable, now, random);
    return;
  }
  message.due_at = null;
  if (delivery.status === "bounced") {
    setStatus(message, "bounced", now, { failure_details: delivery.reason });
    return;
  }
  if (delivery.metadata) message.metadata = { ...message.metadata, ...delivery.metadata };
  setStatus(message, delivery.status, now);
}

async function attempt(context: EngineContext, message: Message, environment: Environment, now: number): Promise<void> {
  if (message.channel.type === "in_app_feed" || isSandboxed(message)) {
    // Held back by a send window until now; nothing has to leave.
    message.due_at = null;
    setStatus(message, message.channel.type === "in_app_feed" ? "delivered" : "not_sent", now);
    return;
  }
  const channel = channelOf(message, environment);
  const provider = context.providerFor(channel);
  message.attempts += 1;
  try {
    const delivery: Delivery = provider
      ? await provider.send(message, channel)
      : { status: "failed", retryable: false, reason: `nothing here delivers for channel "${channel.key}"` };
    settle(message, delivery, now, context.random());
  } catch (error) {
    // A provider answers failures; what it throws is unforeseen, and may pass.
    settle(message, { status: "failed", retryable: true, reason: messageOf(error) }, now, context.random());
  }
}

/** Hands over every message due at `now`; returns how many. A failed delivery never touches its run (CH-049). */
export async function deliverDue(context: EngineContext, now: number): Promise<number> {
  let count = 0;
  for (;;) {
    const token = context.ids.uuid();
    const realNow = context.realNow();
    const messages = await context.store.claimDueMessages(
      { now, realNow, leaseUntil: realNow + LEASE_MS, token },
      CHUNK,
    );
    if (messages.length === 0) return count;
    const environment = await context.definitions.environment();
    await Promise.all(messages.map((message) => attempt(context, message, environment, now)));
    await context.store.saveMessages(messages, token);
    count += messages.length;
  }
}
