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

/** Builds the destination for a connection of the recipient. */
export function toConnectionDestination(connection: JsonObject): Destination {
  return {
    address: getConnectionAddress(connection),
    snapshot: buildSnapshot(connection),
    connection: redactConnection(connection),
  };
}

/** Returns a readable name of a connection, which never contains its token. */
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
 * Parses the connection that a template sets instead of the recipient's. An error in it becomes a delivery error of the
 * message. A token or webhook URL in it is passed to the delivery only (E-187).
 */
function parseConnectionOverride(text: string, fieldPath: string): Destination {
  const invalid = (problem: string): Destination => ({
    address: "connection",
    snapshot: null,
    connection: {},
    metadata: { connection_fault: `${fieldPath} ${problem}` },
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid(text.trim() === "" ? "is empty once rendered" : "is invalid JSON once rendered");
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

/**
 * Returns a destination that is looked up by the user's email. Empty unless the lookup is enabled, the channel uses Slack,
 * and the user has an email and the tenant a token (CH-175).
 */
function findEmailDestination({ recipient, tenant, channel }: RenderContext, stepSetting: unknown): Destination[] {
  const isEnabled =
    typeof stepSetting === "boolean" ? stepSetting : channel.settings.email_based_user_id_resolution === true;
  if (!isEnabled || !channel.provider.includes("slack") || splitRecipientKey(recipient.key).collection !== USERS)
    return [];
  const email = getTextProperty(recipient, "email");
  const token = tenant === null ? undefined : getChannelData(tenant, channel).token;
  if (email === null || !isJsonObject(token) || typeof token.access_token !== "string") return [];
  return [
    { address: email, snapshot: { email }, connection: { email }, userLookup: { email, token: token.access_token } },
  ];
}

/** Compiles a chat step, which sends one message per connection (A-477, E-181, T-212). */
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
          // If the id is empty once rendered, the delivery fails: a reply must not become an ordinary message (CH-177).
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
