import { flag, httpSettings, requiredSecret, type VendorDefinition } from "../../vendor-definition.js";

export const resend = {
  title: "Resend",
  type: "email",
  names: ["resend", "email_resend"],
  settings: { api_key: requiredSecret, check_delivery_status: flag, ...httpSettings },
  request: "Sends `POST https://api.resend.com/emails`. The message's ID is the idempotency key.",
} satisfies VendorDefinition;
