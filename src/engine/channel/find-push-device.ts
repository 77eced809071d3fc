import type { Channel } from "../../domain/environment/environment.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { Recipient } from "../../domain/recipient/recipient.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { getChannelData } from "../render/channel-renderer.js";

/**
 * Returns the device in a recipient's channel data that a push message is sent to. Returns null for providers without
 * devices, such as OneSignal.
 */
export function findPushDevice(address: string, recipient: Recipient, channel: Channel): JsonObject | null {
  if (!hasTrait(channel.type, "hasDevices")) return null;
  const { devices } = getChannelData(recipient, channel);
  if (!Array.isArray(devices)) return null;
  return devices.filter(isJsonObject).find(({ token, target_arn }) => (token ?? target_arn) === address) ?? null;
}
