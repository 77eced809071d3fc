import { callbackSettings, requiredSecret, secret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Telnyx",
  type: "sms",
  names: ["sms_telnyx", "telnyx"],
  settings: {
    api_key: requiredSecret,
    phone_number: { alias: "from" },
    short_code: {},
    sender_id: {},
    messaging_profile_id: { description: "The ID of the messaging profile that selects the number." },
    webhook_signing_key: {
      ...secret,
      description: "The account's public key, which checks the signature of webhooks.",
    },
    ...callbackSettings,
  },
  one_of: [["phone_number", "short_code", "sender_id", "messaging_profile_id"]],
  request: "Sends `POST https://api.telnyx.com/v2/messages`. A tag contains the message's ID.",
  documentation: "https://developers.telnyx.com/api-reference/messages/send-a-message",
  capabilities: { delivery_status: ["webhook"], rate_limit_header: "x-ratelimit-reset" },
  failures: [
    {
      codes: ["40001", "40012", "40300", "40310"],
      meaning: "The number is invalid, not a mobile number, or has replied STOP.",
      result: "bounced",
    },
    { codes: ["20100"], meaning: "The account has not enough credit.", result: "permanent" },
    { codes: ["40318"], meaning: "The queue of the sender is full.", result: "temporary" },
  ],
} satisfies VendorDefinition;
