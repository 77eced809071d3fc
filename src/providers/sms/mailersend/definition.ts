import { httpSettings, required, requiredSecret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "MailerSend SMS",
  type: "sms",
  names: ["sms_mailersend", "mailersend"],
  settings: { api_key: requiredSecret, phone_number: { ...required, alias: "from" }, ...httpSettings },
  request: "Sends `POST https://api.mailersend.com/v1/sms`.",
  documentation: "https://developers.mailersend.com/api/v1/sms",
  capabilities: { delivery_status: [], max_characters: 2_048, rate_limit_header: "retry-after" },
  failures: [
    {
      status: [422],
      message: /\bto\b|recipient/i,
      meaning: "The recipient's number is invalid, or not in a supported country.",
      result: "bounced",
    },
    { status: [402], meaning: "The account has no quota left.", result: "permanent" },
  ],
} satisfies VendorDefinition;
