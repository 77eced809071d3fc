import { httpSettings, secret, type VendorDefinition } from "../../vendor-definition.js";

export const discord = {
  title: "Discord",
  type: "chat",
  names: ["chat_discord", "discord"],
  settings: { bot_token: secret, ...httpSettings },
  request:
    "Sends `POST https://discord.com/api/v10/channels/<channel_id>/messages` as the bot, or a request to the connection's incoming webhook.",
} satisfies VendorDefinition;
