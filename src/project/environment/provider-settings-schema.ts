import * as z from "zod/mini";
import { parseVariableReference } from "../../domain/environment/secret-variables.js";
import { describeInvalidValue } from "../../domain/schema/describe-issue.js";
import { anyObject, anyValue, described, isEmpty } from "../../domain/schema/fields.js";
import { memoizeSchema, variant } from "../../domain/schema/variant.js";
import { getProviderCatalog, mapSettingNames, type ProviderDefinition } from "../../providers/catalog.js";
import { describeSetting } from "../../providers/setting-descriptions.js";
import { findSettingValue, type ProviderSetting } from "../../providers/vendor-definition.js";
import { once } from "../../util/once.js";

/** Matches a single Liquid output. Any literal text in it or around it would be a part of the secret in the file. */
const LIQUID_ALONE = /^\s*\{\{[^"'}]*\}\}\s*$/;

/** Returns why a setting is invalid, or null. A reference to an environment variable is valid for every setting. */
function describeInvalidSetting(
  name: string,
  { kind, values, liquid }: ProviderSetting,
  value: unknown,
): string | null {
  if (isEmpty(value) || parseVariableReference(value) !== null) return null;
  if (liquid && typeof value === "string" && LIQUID_ALONE.test(value)) return null;
  switch (kind) {
    case "secret":
      return `is a secret and must name an environment variable, such as "$${name.toUpperCase()}": never write it here`;
    case "number":
      if (Array.isArray(value) || !/^[1-9]\d*$/.test(String(value))) return "must be a whole number above 0";
      return null;
    case "flag":
      return typeof value === "boolean" ? null : "must be true or false";
  }
  if (typeof value !== "string") return "must be a string";
  if (kind === "url" && !/^https?:\/\/[^\s/]/i.test(value))
    return `must be a URL that starts with http:// or https://, found ${JSON.stringify(value)}`;
  if (kind === "domain" && /[/:@\s]/.test(value))
    return `must be a domain without https:// and a path, such as "mg.example.com", found ${JSON.stringify(value)}`;
  const isValid = values === undefined || findSettingValue(values, value) !== undefined;
  return isValid ? null : describeInvalidValue(values, value);
}

const JSON_TYPES = { number: ["integer", "string", "null"], flag: ["boolean", "string", "null"] } as const;

/** Returns the JSON Schema of a setting, for editors. */
function toJsonSchema({ kind, liquid, values }: ProviderSetting): Record<string, unknown> {
  if (kind === "number" || kind === "flag") return { type: JSON_TYPES[kind] };
  const type = ["string", "null"];
  if (kind === "secret" && !liquid) return { type, pattern: "^(\\$[A-Za-z_][A-Za-z0-9_]*)?$" };
  return values === undefined ? { type } : { type, examples: values };
}

const settingSchema = (name: string, setting: ProviderSetting) =>
  z.optional(
    z.unknown().check(
      ({ value, issues }) => {
        const message = describeInvalidSetting(name, setting, value);
        if (message !== null) issues.push({ code: "custom", message, input: value, continue: true });
      },
      z.meta(toJsonSchema(setting)),
    ),
  );

/**
 * Returns the schema of a provider's settings, by the names that providers read. Other settings are those of the
 * channel type.
 */
export const providerSettingsSchema = memoizeSchema(({ settings }: ProviderDefinition) =>
  z.looseObject(
    Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, settingSchema(name, setting)])),
  ),
);

/** Returns the schema of all providers' settings by all their names, for editors. */
function buildEditorSettingsSchema(): z.ZodMiniType {
  const uses = new Map<string, { vendor: ProviderDefinition; name: string; setting: ProviderSetting }[]>();
  for (const vendor of getProviderCatalog())
    for (const [alias, name] of mapSettingNames(vendor))
      uses.set(alias, [
        ...(uses.get(alias) ?? []),
        { vendor, name, setting: vendor.settings[name] as ProviderSetting },
      ]);
  const fields = [...uses].map(([name, vendors]) => {
    const [first, ...others] = vendors.map(({ setting }) => setting) as [ProviderSetting, ...ProviderSetting[]];
    const isSame = others.every(({ kind, liquid }) => kind === first.kind && liquid === first.liquid);
    const titles = vendors.map(({ vendor }) => vendor.title).join(", ");
    const note = first.kind === "secret" ? ` Names an environment variable, such as "$${name.toUpperCase()}".` : "";
    const description = describeSetting(vendors[0]?.name ?? name, first);
    return [name, described(isSame ? settingSchema(name, first) : anyValue(), `${titles}: ${description}${note}`)];
  });
  return z.looseObject(Object.fromEntries(fields));
}

/**
 * The schema of a channel's `settings`. The valid settings depend on the channel's type and provider, so
 * `checkChannelDelivery` checks them.
 */
export const channelSettingsSchema = once(() => {
  const settings = once(() => anyObject());
  return variant<Record<string, unknown>>({ choose: settings, members: () => [buildEditorSettingsSchema()] });
});
