import { findChannelType } from "../message/channel-types.js";
import type { PricedMessage } from "./cost-counter.js";

/** Returns messages without a price in words: `SMS messages (twilio, DE)`. */
export function formatUnpriced({
  channel_type,
  provider,
  country,
}: Pick<PricedMessage, "channel_type" | "provider" | "country">): string {
  const title = findChannelType(channel_type)?.title ?? channel_type;
  const name = title === title.toUpperCase() ? title : title.toLowerCase();
  return `${name} messages (${country === null ? provider : `${provider}, ${country}`})`;
}
