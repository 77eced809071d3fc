import type { Environment } from "../../domain/environment/environment.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { Message } from "../../domain/message/message.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { EngineContext } from "../context/engine-context.js";

/** Returns the invalid device token of a bounced push message, or null. */
function findBouncedToken(message: Message): string | null {
  if (!hasTrait(message.channel.type, "hasDevices") || message.status !== "bounced") return null;
  const token = message.events.findLast((event) => event.type === "bounced")?.data?.token;
  return typeof token === "string" ? token : null;
}

/** Returns push channel data without some tokens, in both of its forms, `tokens` and `devices`. */
function removeTokens(data: JsonObject, tokens: ReadonlySet<Json>): JsonObject {
  const kept: JsonObject = { ...data };
  if (Array.isArray(data.tokens)) kept.tokens = data.tokens.filter((token) => !tokens.has(token));
  if (Array.isArray(data.devices))
    kept.devices = data.devices.filter((device) => !(isJsonObject(device) && tokens.has(device.token ?? null)));
  return kept;
}

/**
 * Removes bounced tokens from the channel data of their recipients, so that the next push does not use them. A channel with
 * `token_deregistration: false` keeps them (CH-134, CHQ-6, E-215).
 */
export async function deregisterTokens(
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
