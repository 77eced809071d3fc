import type { JsonObject } from "../../util/json.js";
import { hasTrait } from "../message/channel-types.js";
import type { PricedMessage } from "./cost-counter.js";
import { countSegments } from "./count-segments.js";
import { findCountry } from "./find-country.js";

interface SentContent {
  channel: { type: string; provider: string };
  content: JsonObject;
  recipient: string;
}

const getText = (value: unknown): string => (typeof value === "string" ? value : "");

/** Returns what the price of a message depends on. Segments and the country are those of its rendered text and phone number. */
export function toPricedMessage({ channel, content, recipient }: SentContent): PricedMessage {
  const isSms = hasTrait(channel.type, "hasSegments");
  return {
    channel_type: channel.type,
    provider: channel.provider,
    country: isSms ? findCountry(getText(content.to)) : null,
    segments: isSms ? countSegments(getText(content.body)) : 1,
    recipient,
  };
}
