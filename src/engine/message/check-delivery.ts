import type { Channel } from "../../domain/environment/environment.js";
import type { Message } from "../../domain/message/message.js";
import type { DeliveryCheck, Provider, RecordExchange } from "../../ports/provider.js";
import { setStatus } from "./message-state.js";

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
export async function checkDelivery(
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
