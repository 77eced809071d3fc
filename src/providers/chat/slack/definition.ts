import { flag, httpSettings, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Slack",
  type: "chat",
  names: ["chat_slack", "slack"],
  settings: {
    bot_token: { kind: "secret", alias: "access_token" },
    email_based_user_id_resolution: flag,
    internal: flag,
    ...httpSettings,
  },
  request:
    "Sends `POST https://slack.com/api/chat.postMessage` with the connection's, the tenant's or the channel's token, or a request to the connection's incoming webhook. Markdown becomes Slack's mrkdwn.",
  documentation: "https://docs.slack.dev/reference/methods/chat.postMessage",
  capabilities: { delivery_status: [], rate_limit_header: "retry-after" },
  failures: [],
} satisfies VendorDefinition;
