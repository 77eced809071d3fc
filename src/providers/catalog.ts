import type { ChannelType } from "../domain/message/channel-types.js";
import { once } from "../util/once.js";
import type { VendorDefinition } from "./vendor-definition.js";
import { VENDORS } from "./vendors.js";

export type VendorName = keyof typeof VENDORS;

export interface ProviderDefinition extends VendorDefinition {
  vendor: VendorName;
}

/**
 * Returns all providers. They are built on the first call, because a project with only sandboxed channels does not need
 * them.
 */
export const getProviderCatalog = once((): readonly ProviderDefinition[] =>
  Object.entries<VendorDefinition>(VENDORS).map(([vendor, definition]) => ({
    vendor: vendor as VendorName,
    ...definition,
  })),
);

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
}

/** Returns the valid names of a provider's settings, each with the name that providers read. */
export function mapSettingNames({ settings }: ProviderDefinition): Map<string, string> {
  return new Map(
    Object.entries(settings).flatMap(([name, { alias }]) =>
      [name, camelCase(name), ...(alias === undefined ? [] : [alias, camelCase(alias)])].map((definition) => [
        definition,
        name,
      ]),
    ),
  );
}

/** Returns the provider with this name, or null. */
export function findProviderDefinition(type: ChannelType, provider: string): ProviderDefinition | null {
  return (
    getProviderCatalog().find((definition) => definition.type === type && definition.names.includes(provider)) ?? null
  );
}
