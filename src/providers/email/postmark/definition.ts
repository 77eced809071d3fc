import { flag, httpSettings, requiredSecret, secret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Postmark",
  type: "email",
  names: ["postmark", "email_postmark"],
  settings: {
    api_key: requiredSecret,
    open_tracking: flag,
    link_tracking: flag,
    check_delivery_status: flag,
    webhook_signing_key: {
      ...secret,
      description: "The credentials in the URL of the vendor's webhook, as user:password.",
    },
    ...httpSettings,
  },
  request: "Sends `POST https://api.postmarkapp.com/email`. `Metadata` contains the message's ID.",
  documentation: "https://postmarkapp.com/developer/api/email-api",
  capabilities: { delivery_status: ["polled", "webhook"], max_bytes: 10_000_000 },
  failures: [],
} satisfies VendorDefinition;
