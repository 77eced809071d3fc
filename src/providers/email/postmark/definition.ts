import { credentialsSettings, flag, requiredSecret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Postmark",
  type: "email",
  names: ["postmark", "email_postmark"],
  settings: {
    api_key: requiredSecret,
    open_tracking: flag,
    link_tracking: flag,
    check_delivery_status: flag,
    ...credentialsSettings,
  },
  request: "Sends `POST https://api.postmarkapp.com/email`. `Metadata` contains the message's ID.",
  documentation: "https://postmarkapp.com/developer/api/email-api",
  capabilities: { delivery_status: ["polled", "webhook"], max_bytes: 10_000_000 },
  failures: [
    { status: [422], codes: ["406"], meaning: "The recipient's address is inactive.", result: "bounced" },
    {
      // Postmark reports bad addresses as invalid requests, and names them only in the message.
      status: [422],
      codes: ["300"],
      message: /'to' address|invalid 'to'|to.*(address|recipient).*invalid/i,
      meaning: "The recipient's address is invalid.",
      result: "bounced",
    },
  ],
} satisfies VendorDefinition;
