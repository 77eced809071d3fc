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
  failures: [],
} satisfies VendorDefinition;
