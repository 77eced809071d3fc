import type { ChannelType } from "../domain/message/channel-types.js";

/** A setting of a provider, in the channel's `settings`. */
export interface ProviderSetting {
  /** The type of the value; text by default. A `secret` must be a reference to an environment variable. */
  kind?: "secret" | "number" | "flag" | "url" | "domain";
  /** Whether a secret may also be Liquid, because it is rendered with each message. */
  liquid?: true;
  required?: boolean;
  /** Another setting, and its value with which this one is required. */
  required_with?: readonly [setting: string, value: string];
  /** The value of a flag that is not set, if the tool decides. */
  default?: boolean;
  /** An alternative name that the provider's users know. */
  alias?: string;
  values?: readonly string[];
  /** The meaning, unless the table of descriptions has it for all providers. */
  description?: string;
}

/** A failure that the vendor documents. The first entry that matches a response decides (CH-042, CH-044). */
export interface DocumentedFailure {
  /** The statuses of the response; every status without them. */
  status?: readonly number[];
  /** The vendor's codes, as text; every code without them. */
  codes?: readonly string[];
  /** Matches the vendor's message, if the vendor has no code for this failure. */
  message?: RegExp;
  meaning: string;
  /** `bounced`: the address is invalid. `permanent`: never retried. `temporary`: retried. */
  result: "bounced" | "permanent" | "temporary";
}

export interface VendorCapabilities {
  /** The header or field with the message's ID, which prevents that a repeat is sent twice. Absent if the vendor has none. */
  idempotency_key?: string;
  /** How the delivery status is found out after the vendor has accepted a message. Empty: it stays `sent`. */
  delivery_status: readonly ("polled" | "webhook")[];
  /** The maximum size of a request's body in bytes. Absent if the vendor documents none. */
  max_bytes?: number;
  /** The maximum number of characters of a text message. Absent if the vendor documents none. */
  max_characters?: number;
  /** The header of a limited response with the seconds to wait. */
  rate_limit_header?: string;
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
  /** The vendor's own documentation of that request. */
  documentation: string;
  capabilities: VendorCapabilities;
  /** Failures for which the status of the response is not enough: see `createStatusError`. */
  failures: readonly DocumentedFailure[];
  /** Lists of settings of which exactly one must be set. */
  one_of?: readonly (readonly string[])[];
  /** Settings that are required if another one is set. */
  beside?: Record<string, readonly string[]>;
  /**
   * Settings that are required (CH-090) unless the server is on localhost, such as a mail catcher, which has no users.
   */
  login?: { host: string; settings: readonly string[] };
}

/** Returns the value that a text means, which can be written as people see it: `EU`, `External ID` or `ShortCode`. */
export function findSettingValue(values: readonly string[], text: string): string | undefined {
  const normalize = (value: string): string => value.toLowerCase().replace(/[\s_-]/g, "");
  return values.find((value) => normalize(value) === normalize(text));
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

/** Settings of providers whose vendor sends the delivery status to a webhook. */
export const webhookSettings = { webhook_signing_key: secret } as const satisfies Record<string, ProviderSetting>;

/** Settings of HTTP providers whose vendor has no signature, and sends the credentials of the webhook's URL. */
export const credentialsSettings = {
  webhook_signing_key: {
    ...secret,
    description: "The credentials in the URL of the vendor's webhook, as user:password.",
  },
  ...httpSettings,
} as const satisfies Record<string, ProviderSetting>;

/** Settings of HTTP providers that tell the vendor with each message where to send its status. */
export const callbackSettings = { webhook_url: { kind: "url" }, ...httpSettings } as const satisfies Record<
  string,
  ProviderSetting
>;
