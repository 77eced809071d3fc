import type { ChannelType } from "../message/channel-types.js";

/** A setting of a provider, in the channel's `settings`. */
export interface ProviderSetting {
  /** `secret`: only ever a reference to an environment variable; the default is text. */
  kind?: "secret" | "number" | "flag" | "url";
  /** Of a secret: it may come from Liquid, too, as it is rendered with each message. */
  liquid?: true;
  required?: boolean;
  /** Another name that the provider's users know it by. */
  alias?: string;
  values?: readonly string[];
}

/** Who can deliver for a channel. */
export interface Vendor {
  /** The name of its file in `src/providers/<channel type>/`, dashed. */
  vendor: string;
  type: ChannelType;
  /** What `provider` may say: the API's id first (CH-008), then what people write. */
  names: readonly string[];
  settings: Record<string, ProviderSetting>;
  /** Exactly one of each list must be set. */
  one_of?: readonly (readonly string[])[];
  /** Settings that another one wants beside it. */
  beside?: Record<string, readonly string[]>;
}

const secret: ProviderSetting = { kind: "secret" };
const needed: ProviderSetting = { required: true };
const neededSecret: ProviderSetting = { kind: "secret", required: true };
const flag: ProviderSetting = { kind: "flag" };

/** Of every provider that speaks HTTP: where it is, for proxies and tests, and how long it may take, in milliseconds. */
const http = { base_url: { kind: "url" }, timeout_ms: { kind: "number" } } as const satisfies Record<
  string,
  ProviderSetting
>;

let vendors: readonly Vendor[] | undefined;

/** Made at the first asking: a project whose channels are all sandboxed never needs it. */
export function providerCatalogue(): readonly Vendor[] {
  vendors ??= [
    {
      vendor: "smtp",
      type: "email",
      names: ["smtp", "email_smtp"],
      settings: {
        host: needed,
        port: { kind: "number" },
        username: {},
        password: secret,
        tls: { values: ["implicit", "starttls", "none"] },
        ca: {},
        max_connections: { kind: "number" },
        timeout_ms: { kind: "number" },
      },
    },
    {
      vendor: "sendgrid",
      type: "email",
      names: ["sendgrid", "email_sendgrid"],
      settings: {
        api_key: neededSecret,
        open_tracking: flag,
        link_tracking: flag,
        check_delivery_status: flag,
        ...http,
      },
    },
    {
      vendor: "postmark",
      type: "email",
      names: ["postmark", "email_postmark"],
      settings: {
        api_key: neededSecret,
        open_tracking: flag,
        link_tracking: flag,
        check_delivery_status: flag,
        ...http,
      },
    },
    {
      vendor: "resend",
      type: "email",
      names: ["resend", "email_resend"],
      settings: { api_key: neededSecret, check_delivery_status: flag, ...http },
    },
    {
      vendor: "twilio",
      type: "sms",
      names: ["sms_twilio", "twilio"],
      settings: {
        account_id: { required: true, alias: "account_sid" },
        auth_token: neededSecret,
        phone_number: { alias: "from" },
        short_code: {},
        messaging_service_sid: {},
        check_delivery_status: flag,
        ...http,
      },
      one_of: [["phone_number", "short_code", "messaging_service_sid"]],
    },
    {
      vendor: "fcm",
      type: "push",
      names: ["push_fcm", "fcm"],
      settings: {
        project_id: needed,
        service_account_json: { ...neededSecret, alias: "service_account" },
        token_url: { kind: "url" },
        token_deregistration: flag,
        ...http,
      },
    },
    {
      vendor: "apns",
      type: "push",
      names: ["push_apns", "apns"],
      settings: {
        application_mode: { values: ["production", "sandbox"] },
        bundle_id: needed,
        signing_key: secret,
        key_id: {},
        team_id: {},
        certificate: secret,
        private_key: secret,
        ca: {},
        token_deregistration: flag,
        ...http,
      },
      one_of: [["signing_key", "certificate"]],
      beside: { signing_key: ["key_id", "team_id"], certificate: ["private_key"] },
    },
    {
      vendor: "expo",
      type: "push",
      names: ["push_expo", "expo"],
      settings: { expo_project_name: {}, auth_token: secret, token_deregistration: flag, ...http },
    },
    {
      vendor: "slack",
      type: "chat",
      names: ["chat_slack", "slack"],
      settings: {
        bot_token: { kind: "secret", alias: "access_token" },
        email_based_user_id_resolution: flag,
        internal: flag,
        ...http,
      },
    },
    {
      vendor: "discord",
      type: "chat",
      names: ["chat_discord", "discord"],
      settings: { bot_token: secret, ...http },
    },
    {
      vendor: "ms-teams",
      type: "chat",
      names: ["chat_ms_teams", "ms_teams", "teams"],
      settings: {
        bot_id: {},
        bot_password: secret,
        ms_teams_tenant_id: { alias: "entra_tenant_id" },
        token_url: { kind: "url" },
        ...http,
      },
    },
    {
      vendor: "knock-webhook",
      type: "http",
      names: ["http_knock_webhook", "webhook"],
      settings: { signing_key: { ...secret, liquid: true }, allow_http: flag, timeout_ms: { kind: "number" } },
    },
  ];
  return vendors;
}

/** The vendor a channel names, or null. */
export function vendorOf(type: ChannelType, provider: string): Vendor | null {
  return providerCatalogue().find((one) => one.type === type && one.names.includes(provider)) ?? null;
}

/** Whether a setting is a template. */
export function hasLiquid(value: unknown): value is string {
  return typeof value === "string" && (value.includes("{{") || value.includes("{%"));
}

/** The environment variable a setting refers to, or null where it is a plain value: `"$SMTP_PASSWORD"`. */
export function variableOf(value: unknown): string | null {
  return typeof value === "string" ? (/^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(value)?.[1] ?? null) : null;
}
