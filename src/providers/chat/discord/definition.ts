import { httpSettings, secret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Discord",
  type: "chat",
  names: ["chat_discord", "discord"],
  settings: { bot_token: secret, ...httpSettings },
  request:
    "Sends `POST https://discord.com/api/v10/channels/<channel_id>/messages` as the bot, or a request to the connection's incoming webhook.",
  documentation: "https://discord.com/developers/docs/resources/message#create-message",
  capabilities: { idempotency_key: "nonce", delivery_status: [], rate_limit_header: "retry-after" },
  failures: [
    {
      codes: ["10003", "10004", "10013", "10015", "50007", "50278"],
      meaning: "The channel, server, user or webhook is unknown, or the user accepts no messages.",
      result: "bounced",
    },
    {
      codes: ["20016", "20028", "40003", "40004", "130000"],
      meaning: "More messages than the bot or the channel may send, or Discord accepts no messages now.",
      result: "temporary",
    },
  ],
} satisfies VendorDefinition;
