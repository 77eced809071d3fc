import {
  callbackSettings,
  required,
  requiredSecret,
  type VendorDefinition,
  webhookSettings,
} from "../../vendor-definition.js";

export const definition = {
  title: "Sinch",
  type: "sms",
  names: ["sms_sinch", "sinch"],
  settings: {
    api_token: { ...requiredSecret, description: "The API token of the service plan." },
    service_plan_id: { ...required, description: "The ID of the service plan." },
    region: {
      required: true,
      values: ["us", "eu", "au", "br", "ca"],
      description: "The region of the service plan: us, eu, au, br or ca.",
    },
    phone_number: { alias: "from" },
    short_code: {},
    sender_id: {},
    ...webhookSettings,
    ...callbackSettings,
  },
  request:
    "Sends `POST https://<region>.sms.api.sinch.com/xms/v1/<service_plan_id>/batches`. `client_reference` contains the message's ID. Sinch signs webhooks after HMAC is enabled for the service plan.",
  documentation: "https://developers.sinch.com/docs/sms/api-reference/sms/batches/sendsms",
  capabilities: { delivery_status: ["webhook"], max_characters: 2_000 },
  failures: [
    {
      status: [400],
      message: /\bto\b|recipient|msisdn/i,
      meaning: "The recipient's number is invalid.",
      result: "bounced",
    },
    { status: [402], meaning: "The account has not enough credit.", result: "permanent" },
  ],
} satisfies VendorDefinition;
