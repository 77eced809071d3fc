import { credentialsSettings, flag, requiredSecret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Mailjet",
  type: "email",
  names: ["email_mailjet", "mailjet"],
  settings: {
    api_key: requiredSecret,
    api_secret_key: { ...requiredSecret, description: "The secret key of the API key." },
    open_tracking: flag,
    link_tracking: flag,
    ...credentialsSettings,
  },
  request:
    "Sends `POST https://api.mailjet.com/v3.1/send`. `CustomID` is the message's ID. Overrides are merged into `Messages[0]`. Only the first address for replies is sent.",
  documentation: "https://dev.mailjet.com/email/guides/send-api-v31/",
  // 15 MB of attachments, encoded in base64.
  capabilities: { delivery_status: ["webhook"], max_bytes: 20_000_000 },
  failures: [
    { codes: ["mj-0013"], message: /\(To\b/, meaning: "The recipient's address is invalid.", result: "bounced" },
  ],
} satisfies VendorDefinition;
