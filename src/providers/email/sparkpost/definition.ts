import { credentialsSettings, flag, requiredSecret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "SparkPost",
  type: "email",
  names: ["email_sparkpost", "sparkpost"],
  settings: {
    api_key: requiredSecret,
    region: { values: ["us", "eu"], description: "The region of the account: us or eu (default: us)." },
    open_tracking: flag,
    link_tracking: flag,
    ...credentialsSettings,
  },
  request:
    "Sends `POST https://api.sparkpost.com/api/v1/transmissions`. `metadata` contains the message's ID. Braces in the content stay as they are, unless overrides set `options.perform_substitutions`.",
  documentation: "https://developers.sparkpost.com/api/transmissions/",
  capabilities: { delivery_status: ["webhook"], max_bytes: 20_000_000 },
  failures: [
    { codes: ["1902"], message: /recipient/i, meaning: "The recipient's address is suppressed.", result: "bounced" },
    { codes: ["5002"], meaning: "The recipient's address is invalid.", result: "bounced" },
    { status: [420], codes: ["2101", "2102"], meaning: "The hourly or daily limit is exceeded.", result: "temporary" },
    { status: [400], codes: ["1502"], meaning: "Server resources are unavailable.", result: "temporary" },
  ],
} satisfies VendorDefinition;
