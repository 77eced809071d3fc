import type { ChannelType } from "../domain/message/channel-types.js";

/** A setting of a provider, in the channel's `settings`. */
export interface ProviderSetting {
  /** The type of the value; text by default. A `secret` must be a reference to an environment variable. */
  kind?: "secret" | "number" | "flag" | "url";
  /** Whether a secret may also be Liquid, because it is rendered with each message. */
  liquid?: true;
  required?: boolean;
  /** An alternative name that the provider's users know. */
  alias?: string;
  values?: readonly string[];
  /** The meaning, unless the table of descriptions has it for all providers. */
  description?: string;
}

/** A provider that can deliver messages of a channel type. */
export interface VendorDefinition {
  /** The provider's name in the delivery log, for people. */
  title: string;
  type: ChannelType;
  /** The values of `provider`: the API's ID first (CH-008), then common short names. */
  names: readonly string[];
  settings: Record<string, ProviderSetting>;
  /** The request of the provider, and how the result of a delivery is known, for the documentation. */
  request: string;
  /** Lists of settings of which exactly one must be set. */
  one_of?: readonly (readonly string[])[];
  /** Settings that are required if another one is set. */
  beside?: Record<string, readonly string[]>;
  /**
   * Settings that are required (CH-090) unless the server is on localhost, such as a mail catcher, which has no users.
   */
  login?: { host: string; settings: readonly string[] };
}

export const secret: ProviderSetting = { kind: "secret" };
export const required: ProviderSetting = { required: true };
export const requiredSecret: ProviderSetting = { kind: "secret", required: true };
export const flag: ProviderSetting = { kind: "flag" };

/** Settings of all HTTP providers: the URL, which proxies and tests replace, and the timeout in milliseconds. */
export const httpSettings = { base_url: { kind: "url" }, timeout_ms: { kind: "number" } } as const satisfies Record<
  string,
  ProviderSetting
>;
