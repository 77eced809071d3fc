import { httpSettings, requiredSecret, type VendorDefinition, webhookSettings } from "../../vendor-definition.js";

export const definition = {
  title: "MailerSend",
  type: "email",
  names: ["email_mailersend", "mailersend"],
  settings: { api_key: requiredSecret, ...webhookSettings, ...httpSettings },
  request:
    "Sends `POST https://api.mailersend.com/v1/email`. A tag contains the message's ID. Only the first address for replies is sent. MailerSend accepts headers only for Enterprise accounts.",
  documentation: "https://developers.mailersend.com/api/v1/email.html#send-an-email",
  capabilities: { delivery_status: ["webhook"], rate_limit_header: "retry-after" },
  failures: [
    { codes: ["ALL_SUPPRESSED"], meaning: "The recipient's address is suppressed.", result: "bounced" },
    { status: [422], message: /\bto\.0\.email\b/, meaning: "The recipient's address is invalid.", result: "bounced" },
  ],
} satisfies VendorDefinition;
