import { httpSettings, requiredSecret, type VendorDefinition, webhookSettings } from "../../vendor-definition.js";

export const definition = {
  title: "Mailtrap",
  type: "email",
  names: ["email_mailtrap", "mailtrap"],
  settings: {
    api_key: requiredSecret,
    api: {
      values: ["sending", "testing"],
      description: "The API: sending, or testing for messages that stay in an inbox of Mailtrap (default: sending).",
    },
    inbox_id: {
      required_with: ["api", "testing"],
      description: "The ID of the inbox. Required if `api` is testing.",
    },
    ...webhookSettings,
    ...httpSettings,
  },
  request:
    "Sends `POST https://send.api.mailtrap.io/api/send`, or `POST https://sandbox.api.mailtrap.io/api/send/<inbox_id>`. `custom_variables` contain the message's ID.",
  documentation: "https://docs.mailtrap.io/developers/email-sending",
  // 10 MB by default, and up to 30 MB on request.
  capabilities: { delivery_status: ["webhook"], max_bytes: 30_000_000 },
  failures: [],
} satisfies VendorDefinition;
