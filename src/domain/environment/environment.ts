import { createUuidV5 } from "../../util/ids.js";
import type { Json, JsonObject } from "../../util/json.js";
import { SizedCache } from "../../util/sized-cache.js";
import type { ConditionGroup, Operator } from "../condition/condition.js";
import type { GuideGroupSettings } from "../guide/guide.js";
import { CHANNEL_TYPE_DEFINITIONS, type ChannelType, hasTrait } from "../message/channel-types.js";
import { DISABLED_PREFERENCE_CENTER, type PreferenceCenter } from "../preferences/preference-center.js";
import type { PreferenceSet } from "../recipient/preference-set.js";
import type { HttpMethod } from "../step/http-request.js";
import { DEFAULT_LOCALE } from "../template/translation.js";
import type { Webhook } from "./webhook.js";

/** The namespace of channel IDs. It gives a key the same ID in every project, so it must never change. */
const CHANNEL_NAMESPACE = "7d3f5c0e-6f0b-4a52-9d53-1d6b8b0c2a41";

/** A channel's settings in this environment (`environment.json`). */
export interface Channel {
  id: string;
  key: string;
  type: ChannelType;
  provider: string;
  /** Whether messages are sent. If false, they are only rendered and kept (E-208). */
  deliver: boolean;
  settings: JsonObject;
  conditions: ConditionGroup | null;
  /** The messages that one process sends per second. Absent without a limit. */
  max_per_second?: number;
}

/**
 * Returns whether a chat channel posts to the team's own workspace. Then each step names the destination, and
 * recipients need no connection.
 */
export function isInternalChannel({ type, settings }: Pick<Channel, "type" | "settings">): boolean {
  return hasTrait(type, "hasConnections") && settings.internal === true;
}

/** The operator that only rules of channel groups have. It is true for a percentage of recipients (E-190). */
export const COHORT_OPERATOR = "is_in_random_cohort";

/** A rule that decides whether a channel of a group is used (E-189). */
export type ChannelGroupRule = { index: number; channel: string } & (
  | { rule_type: "always" }
  | { rule_type: "if" | "unless"; variable: string; operator: Operator; argument: Json | undefined }
  /** `argument` is a percentage from 0 to 100 with at most one decimal. */
  | { rule_type: "if" | "unless"; variable: string; operator: typeof COHORT_OPERATOR; argument: number }
);

export interface ChannelGroup {
  key: string;
  type: ChannelType;
  operator: "any" | "all";
  /** The rules, ordered by index. */
  rules: ChannelGroupRule[];
}

/**
 * A response for a fetch step that is returned without a request. The method must match, and the URL with its query
 * or without.
 */
export interface DeclaredFetchResponse {
  method: HttpMethod;
  url: string;
  status: number;
  /** Text is the body itself, other values are sent as JSON, undefined is an empty body. */
  body: Json | undefined;
  headers: Record<string, string>;
  delay_ms: number;
  /** The reason for a missing response, or null: "timeout" is a timeout, any other text a failed connection. */
  error: string | null;
}

interface FetchSettings {
  /** URLs that may be requested, with everything below them (see `isAllowedBy`). */
  allow: string[];
  answers: DeclaredFetchResponse[];
}

/** A reply that is used instead of a model. A null workflow or step matches any. */
export type DeclaredAgentResponse = { workflow: string | null; step: string | null } & (
  | { text: string }
  | { json: Json }
  | { error: string }
);

interface AgentSettings {
  /** The URL of the model, or null. */
  url: string | null;
  answers: DeclaredAgentResponse[];
}

/** The access rules of the local API. */
export interface AccessSettings {
  /** The accepted keys, or null if any key is accepted. */
  keys: readonly string[] | null;
  /** Whether public keys need a signed user token. */
  enhanced_security: boolean;
  /** The signing key as written: `$NAME` names an environment variable. */
  signing_key: string | null;
}

/** Tracking of clicks and opens. */
interface TrackingSettings {
  /** The URL that links of tracked messages lead to, without a slash at its end. */
  base_url: string;
}

/** The settings that the service's dashboard would contain. */
export interface Environment {
  name: string;
  timezone: string | null;
  /** The account's default locale for translations (T-185). */
  locale: string;
  /** Channels by key; null means that the channel is not configured in this environment (E-171). */
  channels: Record<string, Channel | null>;
  /** The types that `environment.json` gives channels that are null in the chosen environment, by key. */
  null_channel_types: Record<string, ChannelType>;
  channel_groups: Record<string, ChannelGroup>;
  /** Whether a workflow is active, by its key. It takes precedence over the workflow's file. */
  active: Record<string, boolean>;
  /** Parsed values of variables (E-083). */
  variables: Record<string, Json>;
  /** Environment variables that have the values of secret variables, by the name of the variable. */
  secret_references: Record<string, string>;
  /** Values of secret variables, set only where templates are rendered. */
  secret_variables: Record<string, Json>;
  /** Texts that no event, log or error may contain, longest first. */
  secrets: readonly string[];
  /** The default preferences of the environment (E-139). */
  preferences: PreferenceSet;
  branding: JsonObject;
  preference_center: PreferenceCenter;
  unsubscribe_page: UnsubscribePage;
  fetch: FetchSettings;
  agent: AgentSettings;
  /** Addresses and ranges of this machine and of private networks that requests may go to. */
  private_addresses: readonly string[];
  access: AccessSettings;
  /**
   * Origins besides localhost whose pages may read what a public key may read. `null` is the origin of a local file.
   */
  allowed_origins: readonly string[];
  guide_group: GuideGroupSettings;
  /** Null means that nothing is tracked. */
  tracking: TrackingSettings | null;
  webhooks: readonly Webhook[];
}

/** The page that recipients see after they unsubscribed from commercial messages (E-417). Null is the default. */
export interface UnsubscribePage {
  title: string | null;
  body: string | null;
  redirect_url: string | null;
}

/** Returns an empty map for keys that users choose. It has no prototype, so that it does not contain `constructor`. */
function createMap<T>(): Record<string, T> {
  return Object.create(null);
}

export function createDefaultEnvironment(): Environment {
  return {
    name: "development",
    timezone: null,
    locale: DEFAULT_LOCALE,
    channels: createMap(),
    null_channel_types: createMap(),
    channel_groups: createMap(),
    active: createMap(),
    variables: {},
    secret_references: {},
    secret_variables: {},
    secrets: [],
    preferences: {},
    branding: {},
    preference_center: DISABLED_PREFERENCE_CENTER,
    unsubscribe_page: { title: null, body: null, redirect_url: null },
    fetch: { allow: [], answers: [] },
    agent: { url: null, answers: [] },
    private_addresses: [],
    access: { keys: null, enhanced_security: false, signing_key: null },
    allowed_origins: [],
    guide_group: { display_sequence: [], display_sequence_unthrottled: [], display_interval: null },
    tracking: null,
    webhooks: [],
  };
}

const channelIdCache = new SizedCache<string>(1_000_000);

/** Returns the ID of a channel. IDs are cached, because every message needs those of undeclared channels. */
export function getChannelId(key: string): string {
  let id = channelIdCache.get(key);
  if (id === undefined) {
    id = createUuidV5(CHANNEL_NAMESPACE, key);
    channelIdCache.set(key, id, 2 * id.length);
  }
  return id;
}

/** Returns a sandboxed channel of the step's type, for a channel that a workflow names and no file declares. */
export function buildUndeclaredChannel(key: string, type: ChannelType): Channel {
  return {
    id: getChannelId(key),
    key,
    type,
    provider: getDefaultProvider(type),
    deliver: false,
    settings: {},
    conditions: null,
  };
}

/** Returns the name of the provider that the API shows for a channel without one, as in its sample for the feed. */
export function getDefaultProvider(type: ChannelType): string {
  return CHANNEL_TYPE_DEFINITIONS[type].defaultProvider;
}
