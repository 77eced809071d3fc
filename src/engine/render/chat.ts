import { publicConnection } from "../../domain/chat-connection.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import {
  type ChannelRenderer,
  channelData,
  type Destination,
  renderJson,
  type TemplateReader,
  textProperty,
} from "./channel-renderer.js";

/** What identifies a connection to a reader: never its token. */
function addressOf(connection: JsonObject): string {
  const webhook = connection.incoming_webhook;
  if (isJsonObject(webhook)) return "incoming webhook";
  for (const name of ["channel_id", "user_id", "ms_teams_channel_id", "ms_teams_user_id"]) {
    const value = connection[name];
    if (typeof value === "string") return value;
  }
  return "connection";
}

/** Chat (A-477, T-212): one message per connection (E-181). */
export function compileChat(template: TemplateReader): ChannelRenderer {
  const markdown = template.text("markdown_body");
  const json = template.text("json_body");
  const summary = template.text("summary");
  return {
    needs: "no connection for the channel",
    destinations({ recipient, channel }): Destination[] {
      if (channel.provider.includes("whatsapp")) {
        const number = textProperty(recipient, "phone_number");
        return number === null
          ? []
          : [{ address: number, snapshot: { phone_number: number }, connection: { phone_number: number } }];
      }
      const { connections } = channelData(recipient, channel);
      const usable = Array.isArray(connections) ? connections.filter(isJsonObject) : [];
      return usable.map((connection) => ({
        address: addressOf(connection),
        snapshot: {
          channel_id: connection.channel_id ?? null,
          user_id: connection.user_id ?? null,
          via_incoming_webhook: isJsonObject(connection.incoming_webhook),
        },
        connection: publicConnection(connection),
      }));
    },
    render({ scope }, { connection }) {
      const content = renderJson(json, scope, template.placeOf("json_body"));
      const body = markdown?.(scope) ?? "";
      return {
        __typename: "MessageChatContent",
        connection: connection ?? {},
        template: {
          blocks: content === null ? [{ type: "markdown", name: "body", content: body }] : null,
          json_content: content,
          summary: summary?.(scope) ?? null,
        },
        metadata: null,
      };
    },
  };
}
