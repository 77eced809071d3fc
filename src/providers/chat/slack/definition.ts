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
  failures: [
    {
      codes: [
        "channel_not_found",
        "is_archived",
        "channel_is_archived",
        "user_not_found",
        "users_not_found",
        "user_disabled",
        "cannot_dm_bot",
        "no_service",
        "no_service_id",
        "no_active_hooks",
        "no_team",
        "team_disabled",
      ],
      meaning: "The channel, user, webhook or workspace is unknown, archived or disabled.",
      result: "bounced",
    },
    {
      codes: ["ratelimited", "rate_limited", "message_limit_exceeded"],
      meaning: "More messages than the app or the workspace may send.",
      result: "temporary",
    },
    {
      codes: [
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "rollup_error",
        "team_added_to_org",
      ],
      meaning: "An error of Slack, or a workspace that is being moved.",
      result: "temporary",
    },
  ],
} satisfies VendorDefinition;
