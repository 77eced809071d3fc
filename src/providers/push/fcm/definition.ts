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
  failures: [],
} satisfies VendorDefinition;
