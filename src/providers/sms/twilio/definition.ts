import { callbackSettings, flag, requiredSecret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Twilio",
  type: "sms",
  names: ["sms_twilio", "twilio"],
  settings: {
    account_id: { required: true, alias: "account_sid" },
    auth_token: requiredSecret,
    phone_number: { alias: "from" },
    short_code: {},
    messaging_service_sid: {},
    check_delivery_status: flag,
    ...callbackSettings,
  },
  one_of: [["phone_number", "short_code", "messaging_service_sid"]],
  request:
    "Sends `POST https://api.twilio.com/2010-04-01/Accounts/<account_id>/Messages.json`. With a `webhook_url`, Twilio sends the status there, signed with the `auth_token`.",
  documentation: "https://www.twilio.com/docs/messaging/api/message-resource",
  capabilities: { delivery_status: ["polled", "webhook"] },
  failures: [
    {
      codes: ["21211", "21214", "21217", "21401", "21421", "21610", "21612", "21614", "30005", "30006"],
      meaning: "The number is invalid, unreachable, unknown, not a mobile number, or unsubscribed.",
      result: "bounced",
    },
  ],
} satisfies VendorDefinition;
