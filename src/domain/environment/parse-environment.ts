import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isUuid } from "../../util/ids.js";
import { isJsonObject, type JsonObject, pointerOf } from "../../util/json.js";
import type { ConditionGroup } from "../condition/condition.js";
import { parseConditionGroup } from "../condition/parse-conditions.js";
import { CHANNEL_TYPES } from "../message/message.js";
import { preferenceCenterOf, preferenceCenterShape } from "../preferences/preference-center.js";
import type { PreferenceSet } from "../recipient/preference-set.js";
import type { Complain } from "../shape/complain.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { describeFault } from "../shape/place.js";
import {
  anything,
  flag,
  integer,
  list,
  object,
  oneOf,
  optional,
  record,
  type Shape,
  type Shaped,
  text,
} from "../shape/shape.js";
import { configuredUrlFault } from "./allow-list.js";
import {
  type Channel,
  channelIdOf,
  type Environment,
  emptyEnvironment,
  providerOf,
  type TrackingSettings,
} from "./environment.js";
import { checkChannelDelivery } from "./parse-channel-delivery.js";
import { channelGroupShape, parseChannelGroup } from "./parse-channel-group.js";
import {
  agentShape,
  fetchShape,
  parseAgentSettings,
  parseFetchSettings,
  privateAddressesShape,
} from "./parse-declared-answers.js";
import { addVariable } from "./secret-variables.js";

/** A key that clients can send as a bearer token. The complaint never shows it. */
const accessKey: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  if (/^[\x21-\x7e]+$/.test(value)) return true;
  complain(path, "must be printable ASCII without spaces: clients send it as a bearer token");
  return false;
};

const channelShape = object(
  {
    id: optional(text),
    name: optional(text),
    type: oneOf(CHANNEL_TYPES),
    provider: optional(text),
    deliver: optional(flag),
    settings: optional(record(anything)),
    conditions: anything,
  },
  { closed: true },
);

/** As browsers send it: without a path, in lower case, `null` for a local file. */
const originShape: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  if (value === "null" || (configuredUrlFault(value) === null && new URL(value).origin === value)) return true;
  complain(path, `must be an origin such as "https://app.example.com", found ${JSON.stringify(value)}`);
  return false;
};

/** What the dashboard holds of the one group there is (R-123). */
const guideGroupShape = object(
  {
    display_sequence: optional(list(text)),
    display_sequence_unthrottled: optional(list(text)),
    display_interval: optional(integer(1)),
  },
  { closed: true },
);

const environmentShape = object(
  {
    $schema: optional(text),
    name: optional(text),
    timezone: optional(text),
    locale: optional(text),
    channels: optional(record(optional(channelShape))),
    channel_groups: optional(record(channelGroupShape)),
    workflows: optional(record(object({ active: optional(flag) }, { closed: true }))),
    variables: optional(record(anything)),
    preferences: optional(object({ default: optional(record(anything)) }, { closed: true })),
    branding: optional(record(anything)),
    preference_center: optional(preferenceCenterShape),
    fetch: optional(fetchShape),
    agent: optional(agentShape),
    private_addresses: optional(privateAddressesShape),
    keys: optional(list(accessKey)),
    enhanced_security: optional(flag),
    signing_key: optional(text),
    allowed_origins: optional(list(originShape)),
    webhooks: optional(list(anything)),
    tracking: optional(object({ base_url: text }, { closed: true })),
    guide_groups: optional(object({ default: optional(guideGroupShape) }, { closed: true })),
  },
  { closed: true },
);

/** `environment.json` → Environment (section 5 of the contract). Throws `project_invalid` with a pointer per fault. */
export function parseEnvironment(raw: unknown, file: string): Environment {
  const details: ErrorDetail[] = [];
  const complain = (path: PropertyKey[], message: string): void => {
    details.push({ pointer: pointerOf(path), message });
  };
  checkJsonShape(raw, file, "project_invalid");
  const value = raw;
  if (!environmentShape(value, [], complain)) throw invalidEnvironment(file, details);
  const environment = emptyEnvironment();
  environment.name = value.name ?? environment.name;
  environment.timezone = value.timezone ?? null;
  environment.locale = value.locale ?? environment.locale;
  for (const [key, entry] of Object.entries(value.channels ?? {})) {
    environment.channels[key] = entry ? channelOf(key, entry, details) : null;
  }
  const types = new Map(
    Object.entries(value.channels ?? {}).flatMap(([key, entry]) => (entry ? [[key, entry.type]] : [])),
  );
  for (const [key, entry] of Object.entries(value.channel_groups ?? {}))
    environment.channel_groups[key] = parseChannelGroup(key, entry, types, ["channel_groups", key], complain);
  environment.fetch = value.fetch ? parseFetchSettings(value.fetch) : environment.fetch;
  environment.agent = value.agent ? parseAgentSettings(value.agent, ["agent"], complain) : environment.agent;
  environment.private_addresses = value.private_addresses ?? [];
  for (const [key, entry] of Object.entries(value.workflows ?? {}))
    if (typeof entry.active === "boolean") environment.active[key] = entry.active;
  for (const [key, entry] of Object.entries(value.variables ?? {})) addVariable(environment, key, entry, complain);
  environment.preferences = (value.preferences?.default as PreferenceSet | undefined) ?? {};
  environment.access = {
    keys: value.keys ?? null,
    enhanced_security: value.enhanced_security ?? false,
    signing_key: value.signing_key ?? null,
  };
  environment.allowed_origins = value.allowed_origins ?? [];
  const group = value.guide_groups?.default;
  environment.guide_group = {
    display_sequence: group?.display_sequence ?? [],
    display_sequence_unthrottled: group?.display_sequence_unthrottled ?? [],
    display_interval: group?.display_interval ?? null,
  };
  environment.tracking = value.tracking ? trackingOf(value.tracking.base_url, complain) : null;
  environment.webhooks = value.webhooks ?? [];
  environment.branding = (value.branding as JsonObject | undefined) ?? {};
  if (value.preference_center) environment.preference_center = preferenceCenterOf(value.preference_center, complain);
  if (details.length > 0) throw invalidEnvironment(file, details);
  return environment;
}

/** What is written into links must be fit to stand in any of them. */
function trackingOf(url: string, complain: Complain): TrackingSettings {
  if (!/^https?:\/\/[^\s/?#@"'<>][^\s?#@"'<>]*$/i.test(url))
    complain(["tracking", "base_url"], "must be an http:// or https:// URL without a query");
  return { base_url: url.replace(/(?<!\/)\/+$/, "") };
}

type RawChannel = Shaped<typeof channelShape>;

function channelOf(key: string, raw: RawChannel, details: ErrorDetail[]): Channel {
  if (typeof raw.id === "string" && !isUuid(raw.id))
    details.push({ pointer: pointerOf(["channels", key, "id"]), message: "must be a UUID", value: raw.id });
  const conditions: ConditionGroup | null = parseConditionGroup(
    raw.conditions,
    ["channels", key, "conditions"],
    { refs: null },
    (path, message) => {
      details.push({ pointer: pointerOf(path), message });
    },
  );
  const channel: Channel = {
    id: raw.id ?? channelIdOf(key),
    key,
    type: raw.type,
    provider: raw.provider ?? providerOf(raw.type),
    deliver: raw.deliver ?? false,
    settings: isJsonObject(raw.settings) ? raw.settings : {},
    conditions,
  };
  const settings = checkChannelDelivery(channel, raw.provider != null, ["channels", key], (path, message) => {
    details.push({ pointer: pointerOf(path), message });
  });
  return { ...channel, settings };
}

/** The error that tells of an `environment.json`'s faults. */
export function invalidEnvironment(file: string, details: readonly ErrorDetail[]): KnockError {
  const [first, ...rest] = details;
  return new KnockError(
    "project_invalid",
    `${file}: ${first ? describeFault(first) : "not valid"}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
    { details },
  );
}
