import { createUuidV5 } from "../../util/ids.js";
import type { Json, JsonObject } from "../../util/json.js";
import type { ConditionGroup, Operator } from "../condition/condition.js";
import type { GuideGroupSettings } from "../guide/guide.js";
import { CHANNEL_TYPE_DEFINITIONS, type ChannelType, hasTrait } from "../message/channel-types.js";
import { DISABLED_PREFERENCE_CENTER, type PreferenceCenter } from "../preferences/preference-center.js";
import type { PreferenceSet } from "../recipient/preference-set.js";
import type { HttpMethod } from "../step/http-request.js";
import { DEFAULT_LOCALE } from "../template/translation.js";
import type { Webhook } from "./webhook.js";

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

/** Returns whether a chat channel posts to the team's own workspace: each step names its destination, no recipient does. */
export function isInternalChannel({ type, settings }: Pick<Channel, "type" | "settings">): boolean {
  return hasTrait(type, "hasConnections") && settings.internal === true;
}

/** Only rules of channel groups know it: the recipient is among so many percent (E-190). */
export const COHORT_OPERATOR = "is_in_random_cohort";

/** When a channel of a group is used (E-189). */
export type ChannelGroupRule = { index: number; channel: string } & (
  | { rule_type: "always" }
  | { rule_type: "if" | "unless"; variable: string; operator: Operator; argument: Json | undefined }
  /** `argument`: 0 to 100 percent, at most one decimal. */
  | { rule_type: "if" | "unless"; variable: string; operator: typeof COHORT_OPERATOR; argument: number }
);

export interface ChannelGroup {
  key: string;
  type: ChannelType;
  operator: "any" | "all";
  /** By index. */
  rules: ChannelGroupRule[];
}

/** An answer that a fetch step gets without a request being made: method and whole URL must match, query included. */
export interface DeclaredFetchResponse {
  method: HttpMethod;
  url: string;
  status: number;
  /** Text is the body as it stands, other values are sent as JSON; undefined is an empty body. */
  body: Json | undefined;
  headers: Record<string, string>;
  delay_ms: number;
  /** No answer at all: "timeout" is a time-out, any other text a failed connection. */
  error: string | null;
}

interface FetchSettings {
  /** URLs that may really be requested, with what is below them (see `isPermittedBy`). */
  allow: string[];
  answers: DeclaredFetchResponse[];
}

/** The reply of a model that is not asked; null is any workflow, any step. */
export type DeclaredAgentResponse = { workflow: string | null; step: string | null } & (
  | { text: string }
  | { json: Json }
  | { error: string }
);

interface AgentSettings {
  /** Where a model is asked; null where none is. */
  url: string | null;
  answers: DeclaredAgentResponse[];
}

/** Who may call the local API (contract, section 6). */
export interface AccessSettings {
  /** The only keys accepted; null where any will do. */
  keys: readonly string[] | null;
  /** Public keys need a signed user token. */
  enhanced_security: boolean;
  /** As written: `$NAME` names an environment variable. */
  signing_key: string | null;
}

/** Who receives clicks and openings: links of tracked messages lead there. */
interface TrackingSettings {
  /** Without a slash at its end. */
  base_url: string;
}

/** What the service's dashboard would hold. */
export interface Environment {
  name: string;
  timezone: string | null;
  /** The account's default locale for translations (T-185). */
  locale: string;
  /** Null: declared as not configured here (E-171). */
  channels: Record<string, Channel | null>;
  channel_groups: Record<string, ChannelGroup>;
  /** Workflow key → active; wins over the file's own switch. */
  active: Record<string, boolean>;
  /** Parsed values (E-083). */
  variables: Record<string, Json>;
  /** Secret variables: name → the environment variable that has the value. */
  secret_references: Record<string, string>;
  /** Their values, only where templates are rendered. */
  secret_variables: Record<string, Json>;
  /** Texts that no event, log or error may repeat, longest first. */
  secrets: readonly string[];
  /** Environment defaults (E-139). */
  preferences: PreferenceSet;
  branding: JsonObject;
  preference_center: PreferenceCenter;
  fetch: FetchSettings;
  agent: AgentSettings;
  /** Addresses and ranges of private networks that host names may resolve to. */
  private_addresses: readonly string[];
  access: AccessSettings;
  /** Origins besides loopback ones whose pages may read what a public key may; `null` is that of a local file. */
  allowed_origins: readonly string[];
  guide_group: GuideGroupSettings;
  /** Null: nobody, so nothing is tracked. */
  tracking: TrackingSettings | null;
  webhooks: readonly Webhook[];
}

/** A map under keys that users choose: `constructor` is not in it until somebody declares it. */
function createMap<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

export function createDefaultEnvironment(): Environment {
  return {
    name: "development",
    timezone: null,
    locale: DEFAULT_LOCALE,
    channels: createMap(),
    channel_groups: createMap(),
    active: createMap(),
    variables: {},
    secret_references: {},
    secret_variables: {},
    secrets: [],
    preferences: {},
    branding: {},
    preference_center: DISABLED_PREFERENCE_CENTER,
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

const channelIdCache = new Map<string, string>();

/** Kept: undeclared channels are asked for with every message. */
export function getChannelId(key: string): string {
  let id = channelIdCache.get(key);
  if (id === undefined) {
    id = createUuidV5(CHANNEL_NAMESPACE, key);
    if (channelIdCache.size < 1_000) channelIdCache.set(key, id);
  }
  return id;
}

/** Stands in where a workflow names a channel that nobody declared: sandboxed, of the step's type. */
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

/** The provider name the API shows for a channel without one (spec sample for the feed). */
export function getDefaultProvider(type: ChannelType): string {
  return CHANNEL_TYPE_DEFINITIONS[type].defaultProvider;
}
