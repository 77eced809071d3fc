import { once } from "../../util/once.js";
import type { ChannelType } from "../message/channel-types.js";

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
}

/** A provider that can deliver messages of a channel type. */
interface VendorDefinition {
  /** The provider's name in the delivery log, for people. */
  title: string;
  type: ChannelType;
  /** The values of `provider`: the API's ID first (CH-008), then common short names. */
  names: readonly string[];
  settings: Record<string, ProviderSetting>;
  /** Lists of settings of which exactly one must be set. */
  one_of?: readonly (readonly string[])[];
  /** Settings that are required if another one is set. */
  beside?: Record<string, readonly string[]>;
  /**
   * Settings that are required (CH-090) unless the server is on localhost, such as a mail catcher, which has no users.
   */
  login?: { host: string; settings: readonly string[] };
}

const secret: ProviderSetting = { kind: "secret" };
const required: ProviderSetting = { required: true };
const requiredSecret: ProviderSetting = { kind: "secret", required: true };
const flag: ProviderSetting = { kind: "flag" };

/** Settings of all HTTP providers: the URL, which proxies and tests replace, and the timeout in milliseconds. */
const httpSettings = { base_url: { kind: "url" }, timeout_ms: { kind: "number" } } as const satisfies Record<
  string,
  ProviderSetting
>;

/**
 * All providers, by the name of their file in `src/providers/<channel type>/`. Built when a channel with settings is
 * checked.
 */
const definitions = once(
  () =>
    ({
      smtp: {
        title: "SMTP",
        type: "email",
        names: ["smtp", "email_smtp"],
        settings: {
          host: required,
          port: { kind: "number" },
          username: {},
          password: secret,
          tls: { values: ["implicit", "starttls", "none"] },
          ca: {},
          max_connections: { kind: "number" },
          timeout_ms: { kind: "number" },
        },
        login: { host: "host", settings: ["username", "password"] },
      },
      sendgrid: {
        title: "SendGrid",
        type: "email",
        names: ["sendgrid", "email_sendgrid"],
        settings: {
          api_key: requiredSecret,
          open_tracking: flag,
          link_tracking: flag,
          check_delivery_status: flag,
          ...httpSettings,
        },
      },
      postmark: {
        title: "Postmark",
        type: "email",
        names: ["postmark", "email_postmark"],
        settings: {
          api_key: requiredSecret,
          open_tracking: flag,
          link_tracking: flag,
          check_delivery_status: flag,
          ...httpSettings,
        },
      },
      resend: {
        title: "Resend",
        type: "email",
        names: ["resend", "email_resend"],
        settings: { api_key: requiredSecret, check_delivery_status: flag, ...httpSettings },
      },
      twilio: {
        title: "Twilio",
        type: "sms",
        names: ["sms_twilio", "twilio"],
        settings: {
          account_id: { required: true, alias: "account_sid" },
          auth_token: requiredSecret,
          phone_number: { alias: "from" },
          short_code: {},
          messaging_service_sid: {},
          check_delivery_status: flag,
          ...httpSettings,
        },
        one_of: [["phone_number", "short_code", "messaging_service_sid"]],
      },
      fcm: {
        title: "Firebase",
        type: "push",
        names: ["push_fcm", "fcm"],
        settings: {
          project_id: required,
          service_account_json: { ...requiredSecret, alias: "service_account" },
          token_url: { kind: "url" },
          token_deregistration: flag,
          ...httpSettings,
        },
      },
      apns: {
        title: "APNs",
        type: "push",
        names: ["push_apns", "apns"],
        settings: {
          application_mode: { values: ["production", "sandbox"] },
          bundle_id: required,
          signing_key: secret,
          key_id: {},
          team_id: {},
          certificate: secret,
          private_key: secret,
          ca: {},
          token_deregistration: flag,
          ...httpSettings,
        },
        one_of: [["signing_key", "certificate"]],
        beside: { signing_key: ["key_id", "team_id"], certificate: ["private_key"] },
      },
      expo: {
        title: "Expo",
        type: "push",
        names: ["push_expo", "expo"],
        settings: { expo_project_name: {}, auth_token: secret, token_deregistration: flag, ...httpSettings },
      },
      slack: {
        title: "Slack",
        type: "chat",
        names: ["chat_slack", "slack"],
        settings: {
          bot_token: { kind: "secret", alias: "access_token" },
          email_based_user_id_resolution: flag,
          internal: flag,
          ...httpSettings,
        },
      },
      discord: {
        title: "Discord",
        type: "chat",
        names: ["chat_discord", "discord"],
        settings: { bot_token: secret, ...httpSettings },
      },
      "ms-teams": {
        title: "Microsoft Teams",
        type: "chat",
        names: ["chat_ms_teams", "ms_teams", "teams"],
        settings: {
          bot_id: {},
          bot_password: secret,
          ms_teams_tenant_id: { alias: "entra_tenant_id" },
          token_url: { kind: "url" },
          ...httpSettings,
        },
      },
      "knock-webhook": {
        title: "Webhook",
        type: "http",
        names: ["http_knock_webhook", "webhook"],
        settings: { signing_key: { ...secret, liquid: true }, allow_http: flag, timeout_ms: { kind: "number" } },
      },
    }) satisfies Record<string, VendorDefinition>,
);

export type VendorName = keyof ReturnType<typeof definitions>;

export interface ProviderDefinition extends VendorDefinition {
  vendor: VendorName;
}

/**
 * Returns all providers. They are built on the first call, because a project with only sandboxed channels does not need
 * them.
 */
export const getProviderCatalog = once((): readonly ProviderDefinition[] =>
  Object.entries(definitions()).map(([vendor, definition]) => ({
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

/** Returns the environment variable that a setting such as `"$SMTP_PASSWORD"` refers to, or null for a plain value. */
export function parseVariableReference(value: unknown): string | null {
  return typeof value === "string" ? (/^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(value)?.[1] ?? null) : null;
}
