import { httpSettings, secret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Microsoft Teams",
  type: "chat",
  names: ["chat_ms_teams", "ms_teams", "teams"],
  settings: {
    bot_id: {},
    bot_password: secret,
    ms_teams_tenant_id: { alias: "entra_tenant_id" },
    token_url: { kind: "url" },
    ...httpSettings,
  },
  request:
    "Sends an activity to the connection's conversation as the bot, or a request to the connection's incoming webhook. Markdown becomes an adaptive card.",
  documentation: "https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference",
  capabilities: { delivery_status: [], rate_limit_header: "retry-after" },
  failures: [
    {
      codes: [
        "ConversationNotFound",
        "BotNotInConversationRoster",
        "MessageWritesBlocked",
        "ConversationBlockedByUser",
        "ForbiddenOperationException",
        "WorkflowNotFound",
      ],
      meaning: "The conversation or workflow does not exist, or the bot is blocked or not installed there.",
      result: "bounced",
    },
    { status: [412], meaning: "Another request has changed the conversation.", result: "temporary" },
  ],
} satisfies VendorDefinition;
