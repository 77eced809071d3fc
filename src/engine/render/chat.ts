import { isInternal } from "../../domain/environment/environment.js";
import { publicConnection } from "../../domain/message/chat-connection.js";
import { splitKey, USERS } from "../../domain/recipient/recipient.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import {
  type ChannelRenderer,
  channelData,
  type Destination,
  type RenderContext,
  renderJson,
  type TemplateReader,
  textProperty,
} from "./channel-renderer.js";

/** Where a message to a connection of the recipient's goes. */
export function toConnection(connection: JsonObject): Destination {
  return {
    address: addressOf(connection),
    snapshot: snapshotOf(connection),
    connection: publicConnection(connection),
  };
}

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

const orNull = (map: JsonObject): JsonObject | null => (Object.keys(map).length === 0 ? null : map);

function snapshotOf(connection: JsonObject): JsonObject {
  return {
    channel_id: connection.channel_id ?? null,
    user_id: connection.user_id ?? null,
    via_incoming_webhook: isJsonObject(connection.incoming_webhook),
  };
}

/**
 * The one connection that a template gives instead of the recipient's. What is wrong with it is told by the message (E-187). A
 * token or a webhook in it is the delivery's alone.
 */
function overriding(text: string, place: string): Destination {
  const invalid = (fault: string): Destination => ({
    address: "connection",
    snapshot: null,
    connection: {},
    metadata: { connection_fault: `${place} ${fault}` },
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid(text.trim() === "" ? "is empty once rendered" : "is not valid JSON once rendered");
  }
  if (!isJsonObject(value)) return invalid("must be a JSON object once rendered");
  const { access_token: token, incoming_webhook: webhook } = value;
  return {
    address: addressOf(value),
    snapshot: snapshotOf(value),
    connection: publicConnection(value),
    ...(token === undefined && webhook === undefined ? {} : { secrets: { connection: value } }),
    metadata: { connection_overridden: true },
  };
}

/** A user of Slack who is to be found by e-mail: no connection yet, and a token to ask with (CH-175). */
function byEmail({ recipient, tenant, channel }: RenderContext, own: unknown): Destination[] {
  const wanted = typeof own === "boolean" ? own : channel.settings.email_based_user_id_resolution === true;
  if (!wanted || !channel.provider.includes("slack") || splitKey(recipient.key).collection !== USERS) return [];
  const email = textProperty(recipient, "email");
  const token = tenant === null ? undefined : channelData(tenant, channel).token;
  if (email === null || !isJsonObject(token) || typeof token.access_token !== "string") return [];
  return [{ address: email, snapshot: { email }, connection: { email }, lookup: { email, token: token.access_token } }];
}

/** Chat (A-477, T-212): one message per connection (E-181). */
export function compileChat(template: TemplateReader, overrides: TemplateReader): ChannelRenderer {
  const settings = template.section("settings");
  const override = settings.text("recipient_connection");
  const parent = settings.text("parent_message_id");
  const replyTo = settings.source("reply_to_step_ref");
  const broadcast = settings.value("send_to_channel") === true;
  const markdown = template.text("markdown_body");
  const json = template.text("json_body");
  const summary = template.text("summary");
  return {
    needs: "no connection for the channel",
    destinations(context): Destination[] {
      const { recipient, channel, scope } = context;
      if (override !== null) return [overriding(override(scope), settings.placeOf("recipient_connection"))];
      if (isInternal(channel)) return [];
      if (channel.provider.includes("whatsapp")) {
        const number = textProperty(recipient, "phone_number");
        return number === null
          ? []
          : [{ address: number, snapshot: { phone_number: number }, connection: { phone_number: number } }];
      }
      const { connections } = channelData(recipient, channel);
      const usable = Array.isArray(connections) ? connections.filter(isJsonObject) : [];
      if (usable.length === 0) return byEmail(context, overrides.value("email_based_user_id_resolution"));
      return usable.map(toConnection);
    },
    render({ scope }, { connection, metadata }) {
      const thread = parent?.(scope).trim() ?? null;
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
        metadata: orNull({
          ...metadata,
          // An id that is empty once rendered: no reply is sent, nor anything in its place (CH-177).
          ...(thread === "" ? { reply_fault: `${settings.placeOf("parent_message_id")} is empty once rendered` } : {}),
          ...(thread ? { parent_message_id: thread } : {}),
          ...(replyTo ? { reply_to_step_ref: replyTo } : {}),
          ...((thread || replyTo) && broadcast ? { send_to_channel: true } : {}),
        }),
      };
    },
  };
}
