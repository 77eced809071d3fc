import { callbackSettings, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Plivo",
  type: "sms",
  names: ["sms_plivo", "plivo"],
  settings: {
    authentication_id: { required: true, alias: "auth_id", description: "The ID of the account." },
    authentication_token: {
      kind: "secret",
      required: true,
      alias: "auth_token",
      description: "The token that authenticates requests, and that Plivo signs webhooks with.",
    },
    phone_number: { alias: "from" },
    short_code: {},
    sender_id: {},
    ...callbackSettings,
  },
  one_of: [["phone_number", "short_code", "sender_id"]],
  request:
    "Sends `POST https://api.plivo.com/v1/Account/<authentication_id>/Message/`. With a `webhook_url`, Plivo sends the status there, signed with the `authentication_token`.",
  documentation: "https://www.plivo.com/docs/messaging/api/message/send-a-message",
  capabilities: { delivery_status: ["webhook"], max_characters: 1_600 },
  failures: [
    {
      status: [400],
      message: /dst|destination|not a valid phone number/i,
      meaning: "The recipient's number is invalid.",
      result: "bounced",
    },
    { status: [402], meaning: "The account has not enough credit.", result: "permanent" },
  ],
} satisfies VendorDefinition;
