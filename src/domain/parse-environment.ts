import * as z from "zod/mini";
import { type ErrorDetail, KnockError } from "../errors/knock-error.js";
import { isUuid } from "../util/ids.js";
import { isJsonObject, type Json, type JsonObject, pointerOf } from "../util/json.js";
import { once } from "../util/once.js";
import type { ConditionGroup } from "./condition.js";
import { type Channel, channelIdOf, type Environment, emptyEnvironment, providerOf } from "./environment.js";
import { CHANNEL_TYPES, type ChannelType } from "./message.js";
import { parseConditionGroup } from "./parse-conditions.js";
import type { PreferenceSet } from "./preference-set.js";
import { detailsOf, placeOf } from "./zod-issues.js";

const channel = once(() =>
  z.strictObject({
    id: z.optional(z.string()),
    name: z.optional(z.string()),
    type: z.enum(CHANNEL_TYPES),
    provider: z.optional(z.string()),
    deliver: z.optional(z.boolean()),
    settings: z.optional(z.record(z.string(), z.unknown())),
    conditions: z.nullish(z.unknown()),
  }),
);

const environmentSchema = once(() =>
  z.strictObject({
    $schema: z.optional(z.string()),
    name: z.optional(z.string()),
    timezone: z.nullish(z.string()),
    channels: z.optional(z.record(z.string(), z.nullable(channel()))),
    channel_groups: z.optional(z.record(z.string(), z.unknown())),
    workflows: z.optional(z.record(z.string(), z.strictObject({ active: z.optional(z.boolean()) }))),
    variables: z.optional(z.record(z.string(), z.unknown())),
    preferences: z.optional(z.strictObject({ default: z.optional(z.record(z.string(), z.unknown())) })),
    branding: z.optional(z.record(z.string(), z.unknown())),
    fetch: z.optional(z.record(z.string(), z.unknown())),
    keys: z.optional(z.array(z.string())),
    enhanced_security: z.optional(z.boolean()),
    signing_key: z.optional(z.string()),
    webhooks: z.optional(z.array(z.unknown())),
  }),
);

const TOP = [
  "name",
  "timezone",
  "channels",
  "channel_groups",
  "workflows",
  "variables",
  "preferences",
  "branding",
  "fetch",
  "keys",
  "enhanced_security",
  "signing_key",
  "webhooks",
];
const CHANNEL = ["id", "name", "type", "provider", "deliver", "settings", "conditions"];

/** Text that is JSON becomes its value, other text stays text (E-083); JSON written directly is taken as it is. */
function variableValue(value: unknown): Json {
  if (typeof value !== "string") return value as Json;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

/** `environment.json` → Environment (section 5 of the contract). Throws `project_invalid` with a pointer per fault. */
export function parseEnvironment(raw: unknown, file: string): Environment {
  const parsed = environmentSchema().safeParse(raw);
  const details: ErrorDetail[] = parsed.success
    ? []
    : detailsOf(parsed.error.issues, raw, (path) =>
        path.length === 0 ? TOP : path.length === 2 && path[0] === "channels" ? CHANNEL : [],
      );
  if (!parsed.success) throw invalid(file, details);
  const value = parsed.data;
  const environment = emptyEnvironment();
  environment.name = value.name ?? environment.name;
  environment.timezone = value.timezone ?? null;
  for (const [key, entry] of Object.entries(value.channels ?? {})) {
    if (entry?.deliver === true) {
      throw new KnockError("not_supported", `${file}: channel "${key}": real delivery is not supported yet`, {
        details: [{ pointer: pointerOf(["channels", key, "deliver"]), message: "must be false" }],
        hint: 'Remove "deliver", or set it to false: messages are then rendered and kept.',
      });
    }
    environment.channels[key] = entry === null ? null : channelOf(key, entry, details);
  }
  for (const [key, entry] of Object.entries(value.workflows ?? {}))
    if (entry.active !== undefined) environment.active[key] = entry.active;
  for (const [key, entry] of Object.entries(value.variables ?? {})) environment.variables[key] = variableValue(entry);
  environment.preferences = (value.preferences?.default as PreferenceSet | undefined) ?? {};
  environment.branding = (value.branding as JsonObject | undefined) ?? {};
  if (details.length > 0) throw invalid(file, details);
  return environment;
}

interface RawChannel {
  id?: string | undefined;
  type: ChannelType;
  provider?: string | undefined;
  deliver?: boolean | undefined;
  settings?: Record<string, unknown> | undefined;
  conditions?: unknown;
}

function channelOf(key: string, raw: RawChannel, details: ErrorDetail[]): Channel {
  if (raw.id !== undefined && !isUuid(raw.id))
    details.push({ pointer: pointerOf(["channels", key, "id"]), message: "must be a UUID", value: raw.id });
  const conditions: ConditionGroup | null = parseConditionGroup(
    raw.conditions,
    ["channels", key, "conditions"],
    { refs: null },
    (path, message) => {
      details.push({ pointer: pointerOf(path), message });
    },
  );
  return {
    id: raw.id ?? channelIdOf(key),
    key,
    type: raw.type,
    provider: raw.provider ?? providerOf(raw.type),
    deliver: raw.deliver ?? false,
    settings: isJsonObject(raw.settings) ? raw.settings : {},
    conditions,
  };
}

function invalid(file: string, details: readonly ErrorDetail[]): KnockError {
  const [first, ...rest] = details;
  return new KnockError(
    "project_invalid",
    `${file}: ${first ? `${placeOf(first.pointer)} ${first.message}` : "not valid"}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
    { details },
  );
}
