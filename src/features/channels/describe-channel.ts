import { type Channel, type Environment, getDefaultProvider } from "../../domain/environment/environment.js";
import { parseVariableReference } from "../../domain/environment/secret-variables.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import { checkChannelDelivery } from "../../project/environment/check-channel-delivery.js";
import { findProviderDefinition, type ProviderDefinition } from "../../providers/catalog.js";
import type { Variables } from "../../providers/settings-reader.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { REDACTED } from "../../util/redact-secrets.js";
import type { ChannelDetails, ChannelView } from "./channel-schemas.js";

/** Returns the environment variables that a channel's settings name and that are not set. */
function listMissingVariables({ settings }: Channel, variables: Variables): string[] {
  const names = Object.values(settings).flatMap((value) => parseVariableReference(value) ?? []);
  return [...new Set(names)].filter((name) => !variables[name]);
}

/** Returns the reasons why a channel could not deliver, also if it is sandboxed. */
function listProblems(channel: Channel): ChannelView["problems"] {
  const problems: ChannelView["problems"] = [];
  const { provider, type } = channel;
  // The provider of a channel that names none is not one that could deliver.
  const named =
    provider === getDefaultProvider(type) && findProviderDefinition(type, provider) === null ? null : provider;
  checkChannelDelivery({ ...channel, provider: named, deliver: true }, (path, problem) =>
    problems.push({ setting: path.filter((part) => part !== "settings").join("."), problem }),
  );
  return problems;
}

/** Returns a channel as `knock channels list` shows it. */
export function describeChannel(key: string, environment: Environment, variables: Variables): ChannelView {
  const channel = environment.channels[key] ?? null;
  if (channel === null) {
    const type = environment.null_channel_types[key] ?? null;
    return { key, type, provider: null, delivery: "not configured", missing_variables: [], problems: [] };
  }
  const { type, provider, deliver } = channel;
  const isStored = hasTrait(type, "isFeed") || hasTrait(type, "isGuide");
  return {
    key,
    type,
    provider,
    delivery: isStored ? "stored" : deliver ? "delivering" : "sandboxed",
    missing_variables: listMissingVariables(channel, variables),
    problems: isStored ? [] : listProblems(channel),
  };
}

/** Returns settings without the credentials that their URLs may contain. */
function hideCredentials(settings: JsonObject): JsonObject {
  const entries = Object.entries(settings).map(([name, value]): [string, typeof value] => [
    name,
    typeof value === "string" ? value.replace(/(?<=^https?:\/\/)[^/@]*(?=@)/, REDACTED) : value,
  ]);
  return Object.fromEntries(entries);
}

/** Returns a channel as `knock channels show` shows it. */
export function describeChannelDetails(key: string, environment: Environment, variables: Variables): ChannelDetails {
  const view = describeChannel(key, environment, variables);
  const vendor = view.type === null || view.provider === null ? null : findProviderDefinition(view.type, view.provider);
  const capabilities: unknown = vendor?.capabilities ?? null;
  return {
    ...view,
    settings: hideCredentials(environment.channels[key]?.settings ?? {}),
    capabilities: isJsonObject(capabilities) ? capabilities : null,
    documentation: vendor?.documentation ?? null,
    webhook_path: vendor?.capabilities.delivery_status.includes("webhook") ? `/v1/providers/${key}/events` : null,
  };
}

/** Returns whether a vendor reports the status of a message after it has accepted it, with the settings of a channel. */
export function reportsStatus({ capabilities, settings: known }: ProviderDefinition, { settings }: Channel): boolean {
  const isPolled = settings.check_delivery_status ?? known.check_delivery_status?.default ?? true;
  return capabilities.delivery_status.some((way) =>
    way === "polled" ? isPolled === true : settings.webhook_signing_key !== undefined,
  );
}
