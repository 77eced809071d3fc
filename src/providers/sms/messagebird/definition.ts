import { callbackSettings, requiredSecret, type VendorDefinition, webhookSettings } from "../../vendor-definition.js";

export const definition = {
  title: "MessageBird",
  type: "sms",
  names: ["sms_messagebird", "messagebird"],
  settings: {
    api_key: requiredSecret,
    phone_number: { alias: "from" },
    short_code: {},
    sender_id: {},
    ...webhookSettings,
    ...callbackSettings,
  },
  one_of: [["phone_number", "short_code", "sender_id"]],
  request: "Sends `POST https://rest.messagebird.com/messages`. `reference` contains the message's ID.",
  documentation: "https://developers.messagebird.com/api/sms-messaging/",
  capabilities: { delivery_status: ["webhook"], max_characters: 1_377 },
  failures: [
    { status: [422], message: /recipient/i, meaning: "The recipient's number is invalid.", result: "bounced" },
    { codes: ["25"], meaning: "The account has not enough balance.", result: "permanent" },
    { codes: ["99"], meaning: "An error of the API.", result: "temporary" },
  ],
} satisfies VendorDefinition;
