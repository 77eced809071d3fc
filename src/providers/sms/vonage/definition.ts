import {
  callbackSettings,
  required,
  requiredSecret,
  type VendorDefinition,
  webhookSettings,
} from "../../vendor-definition.js";

export const definition = {
  title: "Vonage",
  type: "sms",
  names: ["sms_vonage", "vonage"],
  settings: {
    api_key: required,
    api_secret: requiredSecret,
    phone_number: { alias: "from" },
    short_code: {},
    sender_id: {},
    ...webhookSettings,
    ...callbackSettings,
  },
  one_of: [["phone_number", "short_code", "sender_id"]],
  request:
    "Sends `POST https://rest.nexmo.com/sms/json` as a form. `client-ref` contains the message's ID. Webhooks need the signature method SHA-256 HMAC in Vonage's settings, and the signature secret as `webhook_signing_key`.",
  documentation: "https://developer.vonage.com/en/api/sms",
  capabilities: { delivery_status: ["webhook"], max_characters: 3_200 },
  failures: [
    { status: [200], codes: ["1"], meaning: "More requests per second than the account allows.", result: "temporary" },
    {
      status: [200],
      codes: ["5", "10"],
      meaning: "An error of the API, or too many connections.",
      result: "temporary",
    },
    { status: [200], codes: ["7", "33"], meaning: "The number is blocked or deactivated.", result: "bounced" },
    { status: [200], codes: ["4", "14"], meaning: "The credentials are invalid.", result: "permanent" },
    { status: [200], codes: ["9"], meaning: "The account has not enough credit.", result: "permanent" },
    { status: [200], codes: ["15"], meaning: "The sender is not allowed.", result: "permanent" },
  ],
} satisfies VendorDefinition;
