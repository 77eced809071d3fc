import { flag, httpSettings, requiredSecret, type VendorDefinition, webhookSettings } from "../../vendor-definition.js";

export const definition = {
  title: "Mandrill",
  type: "email",
  names: ["email_mandrill", "mandrill"],
  settings: {
    api_key: requiredSecret,
    open_tracking: flag,
    link_tracking: flag,
    ...webhookSettings,
    ...httpSettings,
  },
  request:
    "Sends `POST https://mandrillapp.com/api/1.0/messages/send.json`. `metadata` contains the message's ID. Overrides are merged into `message`.",
  documentation: "https://mailchimp.com/developer/transactional/api/messages/send-new-message/",
  capabilities: { delivery_status: ["webhook"], max_bytes: 25_000_000 },
  failures: [
    {
      status: [200],
      codes: ["hard-bounce", "soft-bounce", "spam", "unsub", "custom", "invalid"],
      meaning: "The recipient's address is invalid or on the deny list.",
      result: "bounced",
    },
    {
      codes: ["Invalid_Key", "ValidationError", "PaymentRequired", "Unknown_Subaccount"],
      meaning: "The key or a value of the request is invalid.",
      result: "permanent",
    },
  ],
} satisfies VendorDefinition;
