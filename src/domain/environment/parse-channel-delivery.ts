import type { JsonObject } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import type { Complain } from "../shape/complain.js";
import { checkListedRows, checkSettingNames, settingNames } from "./channel-settings.js";
import type { Channel } from "./environment.js";
import { type ProviderSetting, providerCatalogue, type Vendor, variableOf, vendorOf } from "./provider-catalogue.js";
import { checkResponseFilter } from "./response-filter.js";

/** `apiKey` and `from` become `api_key` and `phone_number`; what a provider does not know stays (CH-010 has more settings). */
function canonical(vendor: Vendor, settings: JsonObject): JsonObject {
  const names = settingNames(vendor);
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [names.get(name) ?? name, value]));
}

function isSet(settings: JsonObject, name: string): boolean {
  const value = settings[name];
  return value !== undefined && value !== null && value !== "";
}

/** What is wrong with a setting that is there, or null. A reference to a variable may stand for any of them. */
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

function unknownProvider({ type, provider }: Channel): string {
  const names = providerCatalogue()
    .filter((one) => one.type === type)
    .flatMap((one) => one.names);
  if (names.length === 0) return `has no provider: channels of type ${type} cannot deliver`;
  const near = nearest(provider, names);
  return `must be a provider for ${type} (${names.join(", ")}), found ${JSON.stringify(provider)}${near === undefined ? "" : `; did you mean "${near}"?`}`;
}

/** SMTP wants authentication (CH-090), except from a catcher on this machine, which has no users. */
function needsSmtpLogin(vendor: Vendor, settings: JsonObject): boolean {
  return vendor.vendor === "smtp" && !isLoopback(String(settings.host ?? ""));
}

/** Whether a host is this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|(.+\.)?localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host);
}

/**
 * Whether a channel that says `"deliver": true` can: its provider is known and has its settings. Literal secrets are refused
 * for sandboxed channels too. Returns the settings under the names that providers read.
 */
export function checkChannelDelivery(
  channel: Channel,
  named: boolean,
  path: PropertyKey[],
  complain: Complain,
): JsonObject {
  if (channel.type === "in_app_feed") {
    checkSettingNames(channel, null, [...path, "settings"], complain);
    checkResponseFilter(channel.settings, [...path, "settings"], complain);
    return channel.settings; // the feed is the delivery (E-205)
  }
  if (!channel.deliver && Object.keys(channel.settings).length === 0) return channel.settings; // nothing to look at
  const vendor = vendorOf(channel.type, channel.provider);
  checkListedRows(channel.settings, [...path, "settings"], complain);
  if (vendor === null) {
    if (!named) checkSettingNames(channel, null, [...path, "settings"], complain);
    if (channel.deliver)
      complain(
        [...path, "provider"],
        named ? unknownProvider(channel) : 'is required where "deliver" is true: it says who delivers',
      );
    return channel.settings;
  }
  const settings = canonical(vendor, channel.settings);
  const at = (name: string): PropertyKey[] => [...path, "settings", name];
  const required = Object.keys(vendor.settings).filter((name) => vendor.settings[name]?.required);
  if (needsSmtpLogin(vendor, settings)) required.push("username", "password");
  for (const [name, others] of Object.entries(vendor.beside ?? {})) if (isSet(settings, name)) required.push(...others);
  const misspelled = new Set<string>();
  for (const [name, rule] of Object.entries(vendor.settings)) {
    if (isSet(settings, name)) {
      const fault = channel.deliver || rule.kind === "secret" ? faultOf(name, rule, settings[name]) : null;
      if (fault !== null) complain(at(name), fault);
    } else if (channel.deliver && required.includes(name)) {
      const unknown = Object.keys(settings).filter((key) => !Object.hasOwn(vendor.settings, key));
      const near = nearest(name, unknown);
      if (near !== undefined) misspelled.add(near);
      const example = rule.kind === "secret" ? `, such as "$${name.toUpperCase()}"` : "";
      complain(
        at(name),
        `is required by ${vendor.names[0]}${example}${near === undefined ? "" : `; is "${near}" meant to be it?`}`,
      );
    }
  }
  const rest = Object.entries(channel.settings).filter(([name]) => !misspelled.has(name));
  checkSettingNames({ ...channel, settings: Object.fromEntries(rest) }, vendor, [...path, "settings"], complain);
  for (const names of channel.deliver ? (vendor.one_of ?? []) : []) {
    const given = names.filter((name) => isSet(settings, name));
    if (given.length !== 1)
      complain(
        [...path, "settings"],
        `must have exactly one of ${names.join(", ")}, has ${given.length === 0 ? "none" : given.join(" and ")}`,
      );
  }
  return settings;
}
