import { flag, httpSettings, requiredSecret, secret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "SendGrid",
  type: "email",
  names: ["sendgrid", "email_sendgrid"],
  settings: {
    api_key: requiredSecret,
    open_tracking: flag,
    link_tracking: flag,
    check_delivery_status: { ...flag, default: false },
    webhook_signing_key: { ...secret, description: "The public key that verifies SendGrid's event webhook." },
    ...httpSettings,
  },
  request: "Sends `POST https://api.sendgrid.com/v3/mail/send`. `custom_args` contain the message's ID.",
  documentation: "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send",
  capabilities: {
    delivery_status: ["polled", "webhook"],
    max_bytes: 30_000_000,
    rate_limit_header: "x-ratelimit-reset",
  },
  failures: [
    {
      status: [400],
      message: /\(personalizations\.\d+\.to\b[^()]*\)$/,
      meaning: "The recipient's address is invalid.",
      result: "bounced",
    },
  ],
} satisfies VendorDefinition;
