import { flag, httpSettings, required, requiredSecret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Firebase",
  type: "push",
  names: ["push_fcm", "fcm"],
  settings: {
    project_id: required,
    service_account_json: { ...requiredSecret, alias: "service_account" },
    token_url: { kind: "url" },
    token_deregistration: flag,
    ...httpSettings,
  },
  request:
    "Sends `POST https://fcm.googleapis.com/v1/projects/<project_id>/messages:send`, one request per device token. The device gets the message's ID with the data.",
  documentation: "https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send",
  capabilities: { delivery_status: [], rate_limit_header: "retry-after" },
  failures: [
    { codes: ["UNREGISTERED"], meaning: "The app is no longer installed on the device.", result: "bounced" },
    {
      codes: ["INVALID_ARGUMENT"],
      message: /registration token|\(message\.token\)$/i,
      meaning: "The device token is invalid.",
      result: "bounced",
    },
    {
      codes: ["THIRD_PARTY_AUTH_ERROR"],
      meaning: "Apple's certificate or key of the project is missing or invalid.",
      result: "permanent",
    },
    { status: [401], meaning: "The access token is no longer valid, and is replaced.", result: "temporary" },
  ],
} satisfies VendorDefinition;
