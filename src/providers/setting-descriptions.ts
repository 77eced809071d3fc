import type { ProviderSetting } from "./vendor-definition.js";

/**
 * The meaning of settings that several providers may have, by name. A setting means the same for all of them. Editors and the documentation show these texts.
 */
export const PROVIDER_SETTING_DESCRIPTIONS: Readonly<Record<string, string>> = {
  account_id: "The SID of the account, such as AC0123456789.",
  allow_http: "Whether requests may use plain HTTP to hosts other than localhost (default: false).",
  api_key: "The API key.",
  api_secret: "The secret of the API key.",
  application_mode: "The environment of the app: production or sandbox (default: production).",
  auth_token: "The token that authenticates requests.",
  base_url: "The URL of the provider's API, for a proxy or a test server (default: the provider's).",
  bot_id: "The application ID of the bot.",
  bot_password: "The client secret of the bot.",
  bot_token: "The token of the bot, for connections without a token of their own.",
  bundle_id: 'The bundle ID of the app, such as "com.example.app".',
  ca: "The certificates (PEM) that the server's certificate is checked against (default: those of Node).",
  certificate: "The client certificate (PEM).",
  check_delivery_status:
    "Whether the delivery status is requested after sending (default: false for SendGrid, otherwise true).",
  email_based_user_id_resolution: "Whether users without a connection are found by their email address.",
  expo_project_name: "The name of the project. It has no effect.",
  host: 'The host name of the server, such as "smtp.example.com".',
  internal:
    "Whether each step names the destination (recipient_connection), and preferences of recipients are ignored (default: false).",
  key_id: 'The ID of the signing key, such as "ABC123DEFG".',
  link_tracking: "Whether the provider tracks links (default: the provider's setting).",
  max_connections: "The maximum number of connections at a time (default: 5).",
  messaging_service_sid: 'The SID of the messaging service that sends, such as "MG0123456789".',
  ms_teams_tenant_id: "The ID of the bot's Microsoft Entra tenant (default: botframework.com).",
  open_tracking: "Whether the provider tracks opens (default: the provider's setting).",
  password: "The password.",
  phone_number: 'The number that sends, such as "+12025550143".',
  port: "The port (default: 587, or 465 if tls is implicit).",
  private_key: "The private key of the certificate (PEM).",
  project_id: 'The ID of the Firebase project, such as "example-app".',
  sender_id: 'The alphanumeric sender, such as "Lark".',
  service_account_json: "The service account's key file, as JSON.",
  short_code: 'The short code that sends, such as "12345".',
  signing_key: "The key that signs requests or tokens.",
  team_id: 'The ID of the Apple team, such as "DEF123GHIJ".',
  timeout_ms: "The time limit of a request in milliseconds (default: 10000, or 50000 for webhooks).",
  tls: "The encryption: implicit, starttls or none (default: starttls, or implicit on port 465).",
  token_deregistration: "Whether invalid device tokens are removed from the recipient's channel data (default: true).",
  token_url: "The URL that issues access tokens (default: the provider's).",
  webhook_signing_key: "The key that checks the signature of the vendor's webhooks for the delivery status.",
  webhook_url:
    "The public URL to which the vendor sends the delivery status, which ends in /v1/providers/<channel>/events (default: that of knock dev --webhook-url).",
  username: "The user name. Required unless the server is on localhost.",
};

/** Returns the meaning of a setting: the provider's own text, or that of the table; empty without any. */
export function describeSetting(name: string, { description }: ProviderSetting): string {
  return description ?? PROVIDER_SETTING_DESCRIPTIONS[name] ?? "";
}
