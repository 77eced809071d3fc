import {
  type Channel,
  type ChannelGroup,
  type Environment,
  getChannelId,
  getDefaultProvider,
} from "../../../../domain/environment/environment.js";
import { createContentUuid } from "../../../../util/ids.js";
import type { Json, JsonObject } from "../../../../util/json.js";

/** The times of everything that files of the project define: files have none that survive a checkout. */
export interface Times {
  created_at: string;
  updated_at: string;
}

/** The value of secret variables. */
const OBFUSCATED = "********";

type KnownChannel = Pick<Channel, "id" | "key" | "type" | "provider" | "deliver">;

/** Returns all channels by key: those that workflows name, and those that are not configured in the environment. */
export function collectChannels(environment: Environment, known: readonly Channel[]): Map<string, KnownChannel> {
  const channels = new Map<string, KnownChannel>();
  for (const [key, type] of Object.entries(environment.null_channel_types))
    channels.set(key, { id: getChannelId(key), key, type, provider: getDefaultProvider(type), deliver: false });
  for (const channel of known) channels.set(channel.key, channel);
  return new Map([...channels].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Returns a channel; with `settings` also whether it sends messages in each environment. */
export function serializeChannel(
  { id, key, type, provider, deliver }: KnownChannel,
  times: Times,
  settings: readonly string[] | null = null,
): JsonObject {
  const inEnvironment = (slug: string): JsonObject => ({
    id: createContentUuid(`${id} ${slug}`),
    is_sandbox: !deliver,
    is_valid: true,
    channel_settings: null,
    provider_settings: null,
  });
  const environment_settings: JsonObject = Object.fromEntries(
    (settings ?? []).map((slug) => [slug, inEnvironment(slug)]),
  );
  return {
    id,
    key,
    name: key,
    description: null,
    type,
    provider,
    custom_icon_url: null,
    archived_at: null,
    visible_in: ["workflow", "broadcast"],
    ...times,
    ...(settings === null ? {} : { environment_settings }),
  };
}

export function serializeChannelGroup(
  { key, type, operator, rules }: ChannelGroup,
  channels: ReadonlyMap<string, KnownChannel>,
  times: Times,
): JsonObject {
  const channel_rules = rules.map((rule): JsonObject => {
    const known = { id: getChannelId(rule.channel), key: rule.channel, type, provider: getDefaultProvider(type) };
    const channel = serializeChannel(channels.get(rule.channel) ?? { ...known, deliver: false }, times);
    const base = { index: rule.index, channel, rule_type: rule.rule_type, ...times };
    if (rule.rule_type === "always") return base;
    const argument = rule.argument === undefined || rule.argument === null ? null : toText(rule.argument);
    return { ...base, variable: rule.variable, operator: rule.operator, argument };
  });
  return {
    key,
    name: key,
    channel_type: type,
    operator,
    source: "user",
    channel_rules,
    archived_at: null,
    visible_in: ["workflow", "broadcast"],
    ...times,
  };
}

const toText = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Returns the variables of an environment, sorted by key. */
export function listVariables(environment: Environment, { created_at, updated_at }: Times): JsonObject[] {
  const times = { inserted_at: created_at, updated_at };
  const secrets = new Set([
    ...Object.keys(environment.secret_references),
    ...Object.keys(environment.secret_variables),
  ]);
  const keys = new Set([...Object.keys(environment.variables), ...secrets]);
  return [...keys].sort().map((key) => {
    const isSecret = secrets.has(key);
    const value = isSecret ? OBFUSCATED : toText(environment.variables[key] ?? null);
    return { key, type: isSecret ? "secret" : "public", value, description: null, ...times };
  });
}

/** Returns a source; with `environments` also its settings and mappings in each environment, which are the same. */
export function serializeSource(
  key: string,
  document: JsonObject,
  times: Times,
  environments: readonly string[] | null = null,
): JsonObject {
  const { name = key, description = null, custom_image_url = null, settings = {}, mappings = [] } = document;
  const toMapping = (mapping: Json): Json => ({
    action_parameters: null,
    active: true,
    is_deleted: false,
    ...(mapping as JsonObject),
    ...times,
  });
  const own: JsonObject = {
    updated_at: times.updated_at,
    settings,
    mappings: Array.isArray(mappings) ? mappings.map(toMapping) : [],
  };
  const environment_settings: JsonObject = Object.fromEntries((environments ?? []).map((slug) => [slug, own]));
  return {
    key,
    name,
    description,
    custom_image_url,
    ...times,
    ...(environments === null ? {} : { environment_settings }),
  };
}
