import * as z from "zod/mini";
import { getDefaultProvider } from "../../domain/environment/environment.js";
import { checkResponseFilter } from "../../domain/environment/response-filter.js";
import { type ReportFinding, reportBelow } from "../../domain/findings/report-finding.js";
import {
  CHANNEL_TYPE_DEFINITIONS,
  CHANNEL_TYPES,
  type ChannelType,
  hasTrait,
} from "../../domain/message/channel-types.js";
import { checkDocument } from "../../domain/schema/check-document.js";
import { isEmpty, optional } from "../../domain/schema/fields.js";
import {
  findProviderDefinition,
  getProviderCatalog,
  mapSettingNames,
  type ProviderDefinition,
} from "../../providers/catalog.js";
import { findSettingValue } from "../../providers/vendor-definition.js";
import { findNearest } from "../../util/find-nearest.js";
import { isLoopback } from "../../util/is-loopback.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { providerSettingsSchema } from "./provider-settings-schema.js";

/**
 * The schemas of the teams and channels that `knock dev` lists, because it does not request them from chat providers
 * (A-261, A-263, A-265).
 */
const declaredRowSchemas = once(() => {
  const text = optional(z.string());
  const flag = optional(z.boolean());
  return {
    slack_channels: z.array(
      z.object({ id: z.string(), name: z.string(), context_team_id: text, is_im: flag, is_private: flag }),
    ),
    ms_teams_teams: z.array(z.object({ id: z.string(), displayName: z.string(), description: text })),
    ms_teams_channels: z.array(z.object({ id: z.string(), displayName: z.string(), description: text })),
  };
});
const DECLARED_ROW_SETTINGS = ["slack_channels", "ms_teams_teams", "ms_teams_channels"] as const;

/** Returns the nearest setting. It also finds a setting that ends with the name: `slack_channels` for `channels`. */
function findNearestSetting(name: string, known: readonly string[]): string | undefined {
  return (
    findNearest(name, known) ?? known.find((setting) => setting.split("_").length > 1 && setting.endsWith(`_${name}`))
  );
}

/**
 * Reports settings that neither the provider nor a channel of the type has. If `vendor` is null, the channel names no
 * provider, and the settings of all providers of the type are known. Do not call it for a provider outside the catalog,
 * whose settings are unknown.
 */
function checkSettingNames(
  type: ChannelType,
  settings: Readonly<Record<string, unknown>>,
  vendor: ProviderDefinition | null,
  report: ReportFinding,
): void {
  const common = [...CHANNEL_TYPE_DEFINITIONS[type].overrides, ...(CHANNEL_TYPE_DEFINITIONS[type].settings ?? [])];
  if (Object.keys(settings).every((name) => common.includes(name))) return; // do not build the catalog for these
  const vendors = vendor === null ? getProviderCatalog().filter((candidate) => candidate.type === type) : [vendor];
  const known = [...new Set([...common, ...vendors.flatMap((definition) => [...mapSettingNames(definition).keys()])])];
  for (const name of Object.keys(settings)) {
    if (known.includes(name)) continue;
    const near = findNearestSetting(name, known);
    const owner = vendor === null ? `a channel of type ${type}` : vendor.names[0];
    report([name], `is not a known setting of ${owner}${near === undefined ? "" : `; did you mean "${near}"?`}`);
  }
}

/** Reports rows of the chat providers' lists that violate the API description (A-540, A-542, A-543). */
function checkDeclaredRows(settings: Readonly<Record<string, unknown>>, report: ReportFinding): void {
  for (const name of DECLARED_ROW_SETTINGS)
    if (settings[name] !== undefined && settings[name] !== null)
      checkDocument(declaredRowSchemas()[name], settings[name], reportBelow(report, name));
}

/**
 * Returns a channel's settings under the names that providers read: `apiKey` and `from` become `api_key` and
 * `phone_number`. Settings that the provider does not know are kept, because CH-010 lists more settings.
 */
export function normalizeSettings(type: ChannelType, provider: string, settings: JsonObject): JsonObject {
  const entries = Object.entries(settings);
  const vendor = entries.length === 0 ? null : findProviderDefinition(type, provider);
  if (vendor === null) return settings;
  const names = mapSettingNames(vendor);
  return Object.fromEntries(entries.map(([name, value]) => [names.get(name) ?? name, value]));
}

const isSet = (settings: JsonObject, name: string): boolean => !isEmpty(settings[name]);

/**
 * Returns whether an unknown provider is a mistake even if the channel does not deliver: the provider of another type, or nearly a
 * known one. The service has other providers, which only this tool does not know.
 */
function isMisspelledProvider(provider: string): boolean {
  const near = findNearest(
    provider,
    getProviderCatalog().flatMap(({ names }) => names),
    2,
  );
  return near !== undefined;
}

function describeUnknownProvider(type: ChannelType, provider: string): string {
  const names = getProviderCatalog()
    .filter((definition) => definition.type === type)
    .flatMap((definition) => definition.names);
  if (names.length === 0) return `is unsupported: channels of type ${type} cannot deliver`;
  const near = findNearest(provider, names);
  return `must be a provider for ${type} (${names.join(", ")}), found ${JSON.stringify(provider)}${near === undefined ? "" : `; did you mean "${near}"?`}`;
}

/** Returns the settings that a provider requires, given the settings that are set. */
function listRequiredSettings(
  { settings: known, login, beside = {} }: ProviderDefinition,
  settings: JsonObject,
): string[] {
  const required = Object.keys(known).filter((name) => known[name]?.required);
  for (const [name, { required_with: [other, value] = [] }] of Object.entries(known))
    if (other && value && findSettingValue([value], String(settings[other] ?? "")) !== undefined) required.push(name);
  if (login !== undefined && !isLoopback(String(settings[login.host] ?? ""))) required.push(...login.settings);
  for (const [name, others] of Object.entries(beside)) if (isSet(settings, name)) required.push(...others);
  return required;
}

/** Checks the settings of a channel with a known provider. Returns the misspelled names that it has reported. */
function checkVendorSettings(
  vendor: ProviderDefinition,
  settings: JsonObject,
  shouldDeliver: boolean,
  report: ReportFinding,
): Set<string> {
  checkDocument(providerSettingsSchema(vendor), settings, (path, message) => {
    if (shouldDeliver || vendor.settings[String(path[0])]?.kind === "secret") report(path, message);
  });
  const misspelled = new Set<string>();
  for (const name of shouldDeliver ? listRequiredSettings(vendor, settings) : []) {
    if (isSet(settings, name)) continue;
    const unknown = Object.keys(settings).filter((key) => !Object.hasOwn(vendor.settings, key));
    const near = findNearest(name, unknown);
    if (near !== undefined) misspelled.add(near);
    const example = vendor.settings[name]?.kind === "secret" ? `, such as "$${name.toUpperCase()}"` : "";
    report(
      [name],
      `is required by ${vendor.names[0]}${example}${near === undefined ? "" : `; is "${near}" misspelled?`}`,
    );
  }
  return misspelled;
}

/**
 * Checks whether a channel with `"deliver": true` can deliver: its provider must be known and have the required
 * settings. Literal secrets are also rejected for sandboxed channels. The schema reports fields of a wrong type, which
 * are skipped here.
 */
export function checkChannelDelivery(channel: Record<string, unknown>, report: ReportFinding): void {
  const type = CHANNEL_TYPES.find((known) => known === channel.type);
  const raw = channel.settings ?? {};
  if (type === undefined || !isJsonObject(raw)) return;
  const reportSetting = reportBelow(report, "settings");
  if (hasTrait(type, "isFeed")) {
    checkSettingNames(type, raw, null, reportSetting);
    checkResponseFilter(raw, reportSetting); // a feed needs no provider: its messages are delivered when they are stored (E-205)
    const { provider } = channel;
    if (typeof provider === "string" && isMisspelledProvider(provider))
      report(["provider"], `must be ${getDefaultProvider(type)} or left out, found ${JSON.stringify(provider)}`);
    return;
  }
  const delivers = channel.deliver === true;
  const hasProvider = typeof channel.provider === "string";
  if (!delivers && !hasProvider && Object.keys(raw).length === 0) return;
  const provider = hasProvider ? String(channel.provider) : getDefaultProvider(type);
  const vendor = findProviderDefinition(type, provider);
  checkDeclaredRows(raw, reportSetting);
  if (vendor === null) {
    if (!hasProvider) checkSettingNames(type, raw, null, reportSetting);
    if (delivers && !hasProvider) report(["provider"], 'is required if "deliver" is true');
    else if (delivers || isMisspelledProvider(provider)) report(["provider"], describeUnknownProvider(type, provider));
    return;
  }
  const settings = normalizeSettings(type, provider, raw);
  const misspelled = checkVendorSettings(vendor, settings, delivers, reportSetting);
  const rest = Object.entries(raw).filter(([name]) => !misspelled.has(name));
  checkSettingNames(type, Object.fromEntries(rest), vendor, reportSetting);
  for (const names of delivers ? (vendor.one_of ?? []) : []) {
    const setNames = names.filter((name) => isSet(settings, name));
    if (setNames.length !== 1)
      reportSetting(
        [],
        `must have exactly one of ${names.join(", ")}, has ${setNames.length === 0 ? "none" : setNames.join(" and ")}`,
      );
  }
}
