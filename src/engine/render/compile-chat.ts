import { isInternalChannel } from "../../domain/environment/environment.js";
import { redactConnection } from "../../domain/message/chat-connection.js";
import { splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import {
  type ChannelRenderer,
  type Destination,
  getChannelData,
  getTextProperty,
  type RenderContext,
  renderJson,
  type TemplateReader,
} from "./channel-renderer.js";

/** Where a message to a connection of the recipient's goes. */
export function toConnectionDestination(connection: JsonObject): Destination {
  return {
    address: getConnectionAddress(connection),
    snapshot: buildSnapshot(connection),
    connection: redactConnection(connection),
  };
}

/** What identifies a connection to a reader: never its token. */
function getConnectionAddress(connection: JsonObject): string {
  const webhook = connection.incoming_webhook;
  if (isJsonObject(webhook)) return "incoming webhook";
  for (const name of ["channel_id", "user_id", "ms_teams_channel_id", "ms_teams_user_id"]) {
    const value = connection[name];
    if (typeof value === "string") return value;
  }
  return "connection";
}

const toNullIfEmpty = (map: JsonObject): JsonObject | null => (Object.keys(map).length === 0 ? null : map);

function buildSnapshot(connection: JsonObject): JsonObject {
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
function parseConnectionOverride(text: string, fieldPath: string): Destination {
  const invalid = (fault: string): Destination => ({
    address: "connection",
    snapshot: null,
    connection: {},
    metadata: { connection_fault: `${fieldPath} ${fault}` },
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
    address: getConnectionAddress(value),
    snapshot: buildSnapshot(value),
    connection: redactConnection(value),
    ...(token === undefined && webhook === undefined ? {} : { secrets: { connection: value } }),
    metadata: { connection_overridden: true },
  };
}

/** A user of Slack who is to be found by e-mail: no connection yet, and a token to ask with (CH-175). */
function findEmailDestination({ recipient, tenant, channel }: RenderContext, stepSetting: unknown): Destination[] {
  const wanted =
    typeof stepSetting === "boolean" ? stepSetting : channel.settings.email_based_user_id_resolution === true;
  if (!wanted || !channel.provider.includes("slack") || splitRecipientKey(recipient.key).collection !== USERS)
    return [];
  const email = getTextProperty(recipient, "email");
  const token = tenant === null ? undefined : getChannelData(tenant, channel).token;
  if (email === null || !isJsonObject(token) || typeof token.access_token !== "string") return [];
  return [
    { address: email, snapshot: { email }, connection: { email }, userLookup: { email, token: token.access_token } },
  ];
}

/** Chat (A-477, T-212): one message per connection (E-181). */
export function compileChat(template: TemplateReader, overrides: TemplateReader): ChannelRenderer {
  const settings = template.getSection("settings");
  const override = settings.compileText("recipient_connection");
  const parent = settings.compileText("parent_message_id");
  const replyTo = settings.getSource("reply_to_step_ref");
  const broadcast = settings.getValue("send_to_channel") === true;
  const markdown = template.compileText("markdown_body");
  const json = template.compileText("json_body");
  const summary = template.compileText("summary");
  return {
    missingData: "no connection for the channel",
    resolveDestinations(context): Destination[] {
      const { recipient, channel, scope } = context;
      if (override !== null)
        return [parseConnectionOverride(override(scope), settings.getFieldPath("recipient_connection"))];
      if (isInternalChannel(channel)) return [];
      if (channel.provider.includes("whatsapp")) {
        const number = getTextProperty(recipient, "phone_number");
        return number === null
          ? []
          : [{ address: number, snapshot: { phone_number: number }, connection: { phone_number: number } }];
      }
      const { connections } = getChannelData(recipient, channel);
      const usable = Array.isArray(connections) ? connections.filter(isJsonObject) : [];
      if (usable.length === 0)
        return findEmailDestination(context, overrides.getValue("email_based_user_id_resolution"));
      return usable.map(toConnectionDestination);
    },
    render({ scope }, { connection, metadata }) {
      const thread = parent?.(scope).trim() ?? null;
      const content = renderJson(json, scope, template.getFieldPath("json_body"));
      const body = markdown?.(scope) ?? "";
      return {
        __typename: "MessageChatContent",
        connection: connection ?? {},
        template: {
          blocks: content === null ? [{ type: "markdown", name: "body", content: body }] : null,
          json_content: content,
          summary: summary?.(scope) ?? null,
        },
        metadata: toNullIfEmpty({
          ...metadata,
          // An id that is empty once rendered: no reply is sent, nor anything in its place (CH-177).
          ...(thread === ""
            ? { reply_fault: `${settings.getFieldPath("parent_message_id")} is empty once rendered` }
            : {}),
          ...(thread ? { parent_message_id: thread } : {}),
          ...(replyTo ? { reply_to_step_ref: replyTo } : {}),
          ...((thread || replyTo) && broadcast ? { send_to_channel: true } : {}),
        }),
      };
    },
  };
}
