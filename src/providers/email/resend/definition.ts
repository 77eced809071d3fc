import { flag, httpSettings, requiredSecret, type VendorDefinition, webhookSettings } from "../../vendor-definition.js";

export const definition = {
  title: "Resend",
  type: "email",
  names: ["resend", "email_resend"],
  settings: { api_key: requiredSecret, check_delivery_status: flag, ...webhookSettings, ...httpSettings },
  request: "Sends `POST https://api.resend.com/emails`. The message's ID is the idempotency key.",
  documentation: "https://resend.com/docs/api-reference/emails/send-email",
  capabilities: {
    idempotency_key: "idempotency-key",
    delivery_status: ["polled", "webhook"],
    max_bytes: 40_000_000,
    rate_limit_header: "retry-after",
  },
  failures: [
    {
      codes: ["concurrent_idempotent_requests"],
      meaning: "The first request of the message is in progress.",
      result: "temporary",
    },
    {
      codes: ["validation_error"],
      message: /`to` field/i,
      meaning: "The recipient's address is invalid.",
      result: "bounced",
    },
  ],
} satisfies VendorDefinition;
