import { callbackSettings, required, requiredSecret, secret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Sinch MessageMedia",
  type: "sms",
  names: ["sms_messagemedia", "messagemedia", "sms_sinch_message_media", "sinch_message_media"],
  settings: {
    api_key: required,
    api_secret: requiredSecret,
    source_number: { ...required, description: "The number, short code or name that sends." },
    source_number_type: {
      values: ["alpha", "international", "short_code"],
      description: "The type of the source number: alpha, international or short_code (default: by its format).",
    },
    region: {
      required: true,
      values: ["apac", "eu"],
      description: "The region of the account: apac or eu.",
    },
    webhook_signing_key: {
      ...secret,
      description: "The public key of the signature key that is enabled, which checks the signature of webhooks.",
    },
    ...callbackSettings,
  },
  request:
    "Sends `POST https://api.messagemedia.com/v1/messages`, or to `https://eu.app.api.sinch.com`. The metadata contains the message's ID.",
  documentation: "https://messagemedia.github.io/documentation/",
  capabilities: { delivery_status: ["webhook"], max_characters: 5_000 },
  failures: [
    {
      status: [400],
      message: /destination/i,
      meaning: "The recipient's number is invalid.",
      result: "bounced",
    },
    { status: [402], meaning: "The account has not enough credit.", result: "permanent" },
  ],
} satisfies VendorDefinition;
