import { flag, httpSettings, required, secret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
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
  request:
    "Sends `POST https://api.push.apple.com/3/device/<token>` over HTTP/2, one request per device token. A repeat has the same `apns-id`.",
  documentation: "https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns",
  capabilities: { idempotency_key: "apns-id", delivery_status: [] },
  failures: [
    { status: [410], meaning: "The app is no longer installed on the device.", result: "bounced" },
    {
      codes: ["BadDeviceToken", "DeviceTokenNotForTopic", "Unregistered", "ExpiredToken"],
      meaning: "The device token is invalid, or of another app or environment.",
      result: "bounced",
    },
    {
      codes: ["ExpiredProviderToken", "IdleTimeout", "Shutdown"],
      meaning: "The provider's token is too old and is replaced, or the connection was closed.",
      result: "temporary",
    },
  ],
} satisfies VendorDefinition;
