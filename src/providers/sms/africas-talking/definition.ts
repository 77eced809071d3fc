import { httpSettings, required, requiredSecret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Africa's Talking",
  type: "sms",
  names: ["sms_africas_talking", "africas_talking"],
  settings: {
    api_key: requiredSecret,
    username: { ...required, description: 'The name of the app. The name "sandbox" uses the sandbox of the vendor.' },
    short_code: { alias: "from", description: "The short code or name that sends (default: AFRICASTKNG)." },
    ...httpSettings,
  },
  request: "Sends `POST https://api.africastalking.com/version1/messaging` as a form.",
  documentation: "https://developers.africastalking.com/docs/sms/sending/bulk",
  capabilities: { delivery_status: [] },
  failures: [
    {
      status: [201],
      codes: ["403", "404", "406", "409"],
      meaning: "The number is invalid, unsupported or opted out.",
      result: "bounced",
    },
    { status: [201], codes: ["402"], meaning: "The sender is not allowed.", result: "permanent" },
    { status: [201], codes: ["405"], meaning: "The account has not enough balance.", result: "permanent" },
    { status: [201], codes: ["500", "501"], meaning: "An error of the API or of the operator.", result: "temporary" },
  ],
} satisfies VendorDefinition;
