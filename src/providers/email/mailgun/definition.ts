import {
  flag,
  httpSettings,
  required,
  requiredSecret,
  type VendorDefinition,
  webhookSettings,
} from "../../vendor-definition.js";

export const definition = {
  title: "Mailgun",
  type: "email",
  names: ["email_mailgun", "mailgun"],
  settings: {
    api_key: requiredSecret,
    domain: { ...required, kind: "domain", description: 'The domain that sends, such as "mg.example.com".' },
    region: { values: ["us", "eu"], description: "The region of the domain: us or eu (default: us)." },
    open_tracking: flag,
    link_tracking: flag,
    ...webhookSettings,
    ...httpSettings,
  },
  request:
    "Sends `POST https://api.mailgun.net/v3/<domain>/messages` as a form. The variable `knock_message_id` contains the message's ID.",
  documentation: "https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages",
  capabilities: { delivery_status: ["webhook"], max_bytes: 25_000_000, rate_limit_header: "retry-after" },
  failures: [
    {
      status: [400],
      message: /'?to'? parameter is not a valid address/i,
      meaning: "The recipient's address is invalid.",
      result: "bounced",
    },
    { status: [402], meaning: "The account may not send.", result: "permanent" },
  ],
} satisfies VendorDefinition;
