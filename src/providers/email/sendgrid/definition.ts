import { flag, httpSettings, requiredSecret, type VendorDefinition } from "../../vendor-definition.js";

export const sendgrid = {
  title: "SendGrid",
  type: "email",
  names: ["sendgrid", "email_sendgrid"],
  settings: {
    api_key: requiredSecret,
    open_tracking: flag,
    link_tracking: flag,
    check_delivery_status: flag,
    ...httpSettings,
  },
  request: "Sends `POST https://api.sendgrid.com/v3/mail/send`. `custom_args` contain the message's ID.",
} satisfies VendorDefinition;
