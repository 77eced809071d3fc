import type { Channel } from "../../domain/environment/environment.js";
import {
  applyReportedStatus,
  buildReportedData,
  isReported,
  isSettled,
  type ReportedStatus,
} from "../../domain/message/apply-provider-event.js";
import type { EngagementAction, Message } from "../../domain/message/message.js";
import { toRecipientReference } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { ProviderEvent, ProviderWebhook, ReceivedEvents, WebhookAnswer } from "../../ports/provider.js";
import { findNearest } from "../../util/find-nearest.js";
import { type EngineContext, readTime } from "../context/engine-context.js";
import { runCausedWork } from "../run/run-due-work.js";
import { createPreferenceOperations } from "./preference-operations.js";

/** The effect of an event: it sets the delivery status or an engagement, or unsubscribes the recipient. */
type Effect = { status: ReportedStatus } | { action: EngagementAction } | { isUnsubscribe: true };

const EFFECTS: Readonly<Record<ProviderEvent["type"], Effect>> = {
  delivered: { status: "delivered" },
  bounced: { status: "bounced" },
  undelivered: { status: "undelivered" },
  opened: { action: "read" },
  clicked: { action: "link_clicked" },
  // A complaint is at least as clear as a click on the unsubscribe link (E-158).
  complained: { isUnsubscribe: true },
  unsubscribed: { isUnsubscribe: true },
};

/** Returns a channel and the events of a webhook. Throws `resource_missing` for a channel that has no webhook. */
async function readEvents(
  { definitions, readProviderEvents }: EngineContext,
  name: string,
  webhook: ProviderWebhook,
): Promise<{ channel: Channel; events: ProviderEvent[] | WebhookAnswer }> {
  const { channels } = await definitions.environment();
  const known = Object.values(channels).flatMap((channel) => channel ?? []);
  const channel = known.find(({ key, id }) => key === name || id === name);
  if (channel === undefined) {
    const near = findNearest(
      name,
      known.map(({ key }) => key),
    );
    throw new KnockError("resource_missing", `there is no channel "${name}" in environment.json`, {
      hint: near === undefined ? undefined : `Did you mean "${near}"?`,
    });
  }
  const events = (await readProviderEvents?.(channel, webhook)) ?? null;
  if (events !== null) return { channel, events };
  throw new KnockError(
    "resource_missing",
    `the provider of channel "${name}" has no webhook for the delivery status: ${channel.provider}`,
  );
}

/** Applies an event to its message. Returns whether something changed. */
async function applyEvent(
  context: EngineContext,
  message: Message,
  event: ProviderEvent,
  now: number,
): Promise<boolean> {
  const { store } = context;
  const effect = EFFECTS[event.type];
  const { message_id: id, at } = event;
  if ("status" in effect) {
    const { messages, caused } = await store.changeDeliveries([id], (stored) =>
      applyReportedStatus(stored, { ...effect, at, reason: event.reason }, now),
    );
    await runCausedWork(context, now, caused);
    return messages.length > 0;
  }
  if ("action" in effect) {
    if (isReported(message, effect.action, at)) return false;
    const data = buildReportedData(at, event.url === undefined ? {} : { url: event.url });
    const { caused } = await store.markMessages([id], effect.action, now, data);
    await runCausedWork(context, now, caused);
    return true;
  }
  await createPreferenceOperations(context).set(toRecipientReference(message.recipient), "default", {
    __persistence_strategy__: "merge",
    commercial_subscribed: false,
  });
  return true;
}

/**
 * Applies the events of a vendor's webhook to the messages of a channel (CH-045). Replays, events of unknown messages and of other
 * channels change nothing. Throws `authentication` for an invalid signature, and `resource_missing`.
 */
export async function receiveProviderWebhook(
  context: EngineContext,
  channelName: string,
  webhook: ProviderWebhook,
): Promise<ReceivedEvents> {
  const { channel, events } = await readEvents(context, channelName, webhook);
  if (!Array.isArray(events)) return { changed: 0, isEarly: false, ...events };
  const now = await readTime(context);
  const received: ReceivedEvents = { changed: 0, isEarly: false };
  // One after the other, because two events can be about one message.
  for (const event of events) {
    const [message] = await context.store.readMessages([event.message_id]);
    if (message === undefined || message.channel.id !== channel.id) continue;
    if (!isSettled(message)) received.isEarly ||= message.status !== "not_sent";
    else if (await applyEvent(context, message, event, now)) received.changed++;
  }
  return received;
}
