import { isLoopback } from "../../util/is-loopback.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { CHANNEL_TYPES, type ChannelType, hasTrait } from "../message/channel-types.js";
import { below, type Complain } from "../shape/complain.js";
import { checkListedRows, checkSettingNames, settingNames } from "./channel-settings.js";
import { providerOf } from "./environment.js";
import { type ProviderSetting, providerCatalogue, type Vendor, variableOf, vendorOf } from "./provider-catalogue.js";
import { checkResponseFilter } from "./response-filter.js";

/**
 * Returns a channel's settings under the names that providers read: `apiKey` and `from` become `api_key` and `phone_number`.
 * Settings that the provider does not know stay (CH-010 has more settings).
 */
export function canonicalSettings(type: ChannelType, provider: string, settings: JsonObject): JsonObject {
  const entries = Object.entries(settings);
  const vendor = entries.length === 0 ? null : vendorOf(type, provider);
  if (vendor === null) return settings;
  const names = settingNames(vendor);
  return Object.fromEntries(entries.map(([name, value]) => [names.get(name) ?? name, value]));
}

function isSet(settings: JsonObject, name: string): boolean {
  const value = settings[name];
  return value !== undefined && value !== null && value !== "";
}

/** Returns what is wrong with a setting that has a value, or null. A reference to a variable may stand for any of them. */
function faultOf(name: string, { kind, values, liquid }: ProviderSetting, value: unknown): string | null {
  if (variableOf(value) !== null) return null;
  // Nothing but Liquid: text around it, or in it, would be a part of the secret that is written here.
  if (liquid && typeof value === "string" && /^\s*\{\{[^"'}]*\}\}\s*$/.test(value)) return null;
  if (kind === "secret")
    return `is a secret and must name an environment variable, such as "$${name.toUpperCase()}": never write it here`;
  if (kind === "number")
    return Number.isInteger(value) && (value as number) > 0 ? null : "must be a whole number above 0";
  if (kind === "flag") return typeof value === "boolean" ? null : "must be true or false";
  if (typeof value !== "string") return "must be a string";
  if (kind === "url" && !/^https?:\/\/[^\s/]/i.test(value))
    return `must be a URL that starts with http:// or https://, found ${JSON.stringify(value)}`;
  if (values && !values.includes(value)) {
    const near = nearest(value, values);
    return `must be ${values.map((one) => JSON.stringify(one)).join(" or ")}, found ${JSON.stringify(value)}${near === undefined ? "" : `; did you mean "${near}"?`}`;
  }
  return null;
}

function describeUnknownProvider(type: ChannelType, provider: string): string {
  const names = providerCatalogue()
    .filter((one) => one.type === type)
    .flatMap((one) => one.names);
  if (names.length === 0) return `has no provider: channels of type ${type} cannot deliver`;
  const near = nearest(provider, names);
  return `must be a provider for ${type} (${names.join(", ")}), found ${JSON.stringify(provider)}${near === undefined ? "" : `; did you mean "${near}"?`}`;
}

/** SMTP wants authentication (CH-090), except from a catcher on localhost, which has no users. */
function needsSmtpLogin(vendor: Vendor, settings: JsonObject): boolean {
  return vendor.vendor === "smtp" && !isLoopback(String(settings.host ?? ""));
}

/** Checks the settings of a channel whose provider is known. Returns the misspelled names that it has reported. */
function checkVendorSettings(vendor: Vendor, settings: JsonObject, delivers: boolean, complain: Complain): Set<string> {
  const required = Object.keys(vendor.settings).filter((name) => vendor.settings[name]?.required);
  if (needsSmtpLogin(vendor, settings)) required.push("username", "password");
  for (const [name, others] of Object.entries(vendor.beside ?? {})) if (isSet(settings, name)) required.push(...others);
  const misspelled = new Set<string>();
  for (const [name, setting] of Object.entries(vendor.settings)) {
    if (isSet(settings, name)) {
      const fault = delivers || setting.kind === "secret" ? faultOf(name, setting, settings[name]) : null;
      if (fault !== null) complain([name], fault);
    } else if (delivers && required.includes(name)) {
      const unknown = Object.keys(settings).filter((key) => !Object.hasOwn(vendor.settings, key));
      const near = nearest(name, unknown);
      if (near !== undefined) misspelled.add(near);
      const example = setting.kind === "secret" ? `, such as "$${name.toUpperCase()}"` : "";
      complain(
        [name],
        `is required by ${vendor.names[0]}${example}${near === undefined ? "" : `; is "${near}" meant to be it?`}`,
      );
    }
  }
  return misspelled;
}

/**
 * Checks whether a channel that says `"deliver": true` can deliver: its provider is known and has its settings. Literal secrets
 * are refused for sandboxed channels too. Fields of a wrong type are reported by the schema and skipped here.
 */
export function checkChannelDelivery(channel: Record<string, unknown>, complain: Complain): void {
  const type = CHANNEL_TYPES.find((known) => known === channel.type);
  const raw = (channel.settings ?? {}) as JsonObject;
  if (type === undefined || !isJsonObject(raw)) return;
  const at = below(complain, "settings");
  if (hasTrait(type, "isFeed")) {
    checkSettingNames(type, raw, null, at);
    checkResponseFilter(raw, at); // the feed is the delivery (E-205)
    return;
  }
  const delivers = channel.deliver === true;
  if (!delivers && Object.keys(raw).length === 0) return;
  const isNamed = typeof channel.provider === "string";
  const provider = isNamed ? String(channel.provider) : providerOf(type);
  const vendor = vendorOf(type, provider);
  checkListedRows(raw, at);
  if (vendor === null) {
    if (!isNamed) checkSettingNames(type, raw, null, at);
    if (delivers)
      complain(
        ["provider"],
        isNamed ? describeUnknownProvider(type, provider) : 'is required where "deliver" is true: it says who delivers',
      );
    return;
  }
  const settings = canonicalSettings(type, provider, raw);
  const misspelled = checkVendorSettings(vendor, settings, delivers, at);
  const rest = Object.entries(raw).filter(([name]) => !misspelled.has(name));
  checkSettingNames(type, Object.fromEntries(rest), vendor, at);
  for (const names of delivers ? (vendor.one_of ?? []) : []) {
    const given = names.filter((name) => isSet(settings, name));
    if (given.length !== 1)
      at([], `must have exactly one of ${names.join(", ")}, has ${given.length === 0 ? "none" : given.join(" and ")}`);
  }
}
