import { uuidV5 } from "../util/ids.js";
import type { Json, JsonObject } from "../util/json.js";
import type { ConditionGroup } from "./condition.js";
import type { ChannelType } from "./message.js";
import type { PreferenceSet } from "./preference-set.js";

/** Names channel ids are derived in, so that the same key has the same id in every project. Never change it. */
const CHANNEL_NAMESPACE = "7d3f5c0e-6f0b-4a52-9d53-1d6b8b0c2a41";

/** A channel's settings in this environment (`environment.json`, section 5 of the contract). */
export interface Channel {
  id: string;
  key: string;
  type: ChannelType;
  provider: string;
  /** False: messages are rendered and kept, nothing leaves (E-208). */
  deliver: boolean;
  settings: JsonObject;
  conditions: ConditionGroup | null;
}

/** What the service's dashboard would hold. */
export interface Environment {
  name: string;
  timezone: string | null;
  /** Null: declared as not configured here (E-171). */
  channels: Record<string, Channel | null>;
  /** Workflow key → active; wins over the file's own switch. */
  active: Record<string, boolean>;
  /** Parsed values (E-083). */
  variables: Record<string, Json>;
  /** Environment defaults (E-139). */
  preferences: PreferenceSet;
  branding: JsonObject;
}

export function emptyEnvironment(): Environment {
  return {
    name: "development",
    timezone: null,
    channels: {},
    active: {},
    variables: {},
    preferences: {},
    branding: {},
  };
}

export function channelIdOf(key: string): string {
  return uuidV5(CHANNEL_NAMESPACE, key);
}

/** Stands in where a workflow names a channel that nobody declared: sandboxed, of the step's type. */
export function undeclaredChannel(key: string, type: ChannelType): Channel {
  return {
    id: channelIdOf(key),
    key,
    type,
    provider: providerOf(type),
    deliver: false,
    settings: {},
    conditions: null,
  };
}

/** The provider name the API shows for a channel without one (spec sample for the feed). */
export function providerOf(type: ChannelType): string {
  return type === "in_app_feed" ? "in_app_feed_knock" : type === "http" ? "http_knock_webhook" : `${type}_sandbox`;
}
