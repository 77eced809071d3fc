import type * as z from "zod/mini";
import type { ConditionGroup, Operator } from "../../domain/condition/condition.js";
import {
  type Channel,
  type ChannelGroup,
  type ChannelGroupRule,
  COHORT_OPERATOR,
  createDefaultEnvironment,
  type DeclaredAgentResponse,
  type DeclaredFetchResponse,
  type Environment,
  getChannelId,
  getDefaultProvider,
} from "../../domain/environment/environment.js";
import { addVariable, parseVariableReference } from "../../domain/environment/secret-variables.js";
import type { Webhook } from "../../domain/environment/webhook.js";
import { checkJsonShape } from "../../domain/findings/check-json-shape.js";
import { parsePreferenceCenter } from "../../domain/preferences/preference-center.js";
import type { PreferenceSet } from "../../domain/recipient/preference-set.js";
import { checkClosedDocument } from "../../domain/schema/check-document.js";
import { DocumentFindings } from "../../domain/schema/document-findings.js";
import type { HttpMethod } from "../../domain/step/http-request.js";
import type { Json, JsonObject } from "../../util/json.js";
import { parsePercentage } from "./channel-schema.js";
import { normalizeSettings } from "./check-channel-delivery.js";
import { environmentSchema } from "./environment-schema.js";

type EnvironmentFile = z.infer<ReturnType<typeof environmentSchema>>;
type Present<K extends keyof EnvironmentFile> = NonNullable<EnvironmentFile[K]>;
type Entry<T> = T extends Record<string, infer V> ? NonNullable<V> : never;
type GroupFile = Entry<Present<"channel_groups">>;
type GroupRuleFile = NonNullable<GroupFile["rules"]>[number];
type FetchResponseFile = NonNullable<Present<"fetch">["answers"]>[number];
type AgentResponseFile = NonNullable<Present<"agent">["answers"]>[number];

function toChannel(key: string, raw: Entry<Present<"channels">>): Channel {
  const provider = raw.provider ?? getDefaultProvider(raw.type);
  const conditions = (raw.conditions ?? {}) as ConditionGroup | Record<string, never>;
  return {
    // Computed when it is first needed: most commands need the IDs of one or two channels, and each takes 0.1 ms.
    get id() {
      return raw.id ?? getChannelId(key);
    },
    key,
    type: raw.type,
    provider,
    deliver: raw.deliver ?? false,
    settings: normalizeSettings(raw.type, provider, (raw.settings ?? {}) as JsonObject),
    conditions: Object.keys(conditions).length === 0 ? null : conditions,
    ...(raw.max_per_second == null ? {} : { max_per_second: raw.max_per_second }),
  };
}

function toChannelGroupRule(
  { rule_type, channel, variable, operator, ...raw }: GroupRuleFile,
  position: number,
): ChannelGroupRule {
  const index = raw.index ?? position;
  if (rule_type === "always") return { index, rule_type, channel };
  const common = { index, rule_type, channel, variable: String(variable) };
  return operator === COHORT_OPERATOR
    ? { ...common, operator, argument: parsePercentage(raw.argument) ?? 0 }
    : { ...common, operator: operator as Operator, argument: raw.argument };
}

/**
 * Returns a channel group with its rules ordered by index. A rule's default index is its position in the list (E-189,
 * E-190, CH-060).
 */
function toChannelGroup(key: string, { type, operator, rules }: GroupFile): ChannelGroup {
  return {
    key,
    type,
    operator: operator ?? "any",
    rules: (rules ?? []).map(toChannelGroupRule).sort((a, b) => a.index - b.index),
  };
}

function toFetchResponse(response: FetchResponseFile): DeclaredFetchResponse {
  return {
    method: (response.method ?? "get").toLowerCase() as HttpMethod,
    url: response.url,
    status: response.status ?? 200,
    body: response.body,
    headers: response.headers ?? {},
    delay_ms: response.delay_ms ?? 0,
    error: response.error ?? null,
  };
}

function toAgentResponse({ workflow, step, text, json, error }: AgentResponseFile): DeclaredAgentResponse {
  const target = { workflow: workflow ?? null, step: step ?? null };
  if (typeof text === "string") return { ...target, text };
  return typeof error === "string" ? { ...target, error } : { ...target, json: json as Json };
}

function toWebhook({ url, events, signing_key }: Present<"webhooks">[number]): Webhook {
  return { url, events: events ?? null, signing_key: parseVariableReference(signing_key) };
}

function checkEnvironment(raw: unknown, file: string): EnvironmentFile {
  checkJsonShape(raw, file, "project_invalid");
  const findings = new DocumentFindings();
  const value = checkClosedDocument(environmentSchema(), raw, findings.add);
  if (value === null) throw findings.toError(file, "project_invalid");
  return value;
}

/** Parses an `environment.json`. Throws `project_invalid` with one pointer per finding. */
export function parseEnvironment(raw: unknown, file: string): Environment {
  const value = checkEnvironment(raw, file);
  const environment = createDefaultEnvironment();
  for (const [key, channel] of Object.entries(value.channels ?? {}))
    environment.channels[key] = channel ? toChannel(key, channel) : null;
  for (const [key, group] of Object.entries(value.channel_groups ?? {}))
    environment.channel_groups[key] = toChannelGroup(key, group);
  for (const [key, { active }] of Object.entries(value.workflows ?? {}))
    if (typeof active === "boolean") environment.active[key] = active;
  for (const [name, variable] of Object.entries(value.variables ?? {})) addVariable(environment, name, variable);
  const group = value.guide_groups?.default;
  return {
    ...environment,
    name: value.name ?? environment.name,
    timezone: value.timezone ?? null,
    locale: value.locale ?? environment.locale,
    fetch: { allow: value.fetch?.allow ?? [], answers: (value.fetch?.answers ?? []).map(toFetchResponse) },
    agent: { url: value.agent?.url ?? null, answers: (value.agent?.answers ?? []).map(toAgentResponse) },
    private_addresses: value.private_addresses ?? [],
    preferences: (value.preferences?.default as PreferenceSet | undefined) ?? {},
    access: {
      keys: value.keys ?? null,
      enhanced_security: value.enhanced_security ?? false,
      signing_key: value.signing_key ?? null,
    },
    allowed_origins: value.allowed_origins ?? [],
    guide_group: {
      display_sequence: group?.display_sequence ?? [],
      display_sequence_unthrottled: group?.display_sequence_unthrottled ?? [],
      display_interval: group?.display_interval ?? null,
    },
    tracking: value.tracking ? { base_url: value.tracking.base_url.replace(/(?<!\/)\/+$/, "") } : null,
    webhooks: (value.webhooks ?? []).map(toWebhook),
    branding: value.branding ?? {},
    preference_center: value.preference_center
      ? parsePreferenceCenter(value.preference_center)
      : environment.preference_center,
    unsubscribe_page: { ...environment.unsubscribe_page, ...value.unsubscribe_page },
  };
}
