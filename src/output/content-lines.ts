import { isJsonObject, type Json, type JsonObject } from "../util/json.js";

/** A name and what is to be read under it, which may have several lines. */
type Line = [name: string, text: string];

function field(content: JsonObject, name: string, label = name): Line[] {
  const value = content[name];
  if (value === null || value === undefined || value === "") return [];
  return [[label, typeof value === "string" ? value : JSON.stringify(value, null, 2)]];
}

const objectsIn = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

function sizeText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  return bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(1)} kB` : `${(bytes / 1_048_576).toFixed(1)} MB`;
}

function emailLines(content: JsonObject, hint: string): Line[] {
  const headers = isJsonObject(content.headers) ? Object.entries(content.headers) : [];
  const html = typeof content.html_body === "string" ? content.html_body : "";
  const { headers: _headers, ...overrides } = isJsonObject(content.json_overrides) ? content.json_overrides : {};
  return [
    ...field(content, "from"),
    ...field(content, "to"),
    ...field(content, "cc"),
    ...field(content, "bcc"),
    ...field(content, "reply_to", "reply-to"),
    ...field(content, "subject_line", "subject"),
    ...headers.map(([name, value]): Line => [name, String(value)]),
    ...objectsIn(content.attachments).map(({ name, content_type, content: base64 }): Line => {
      const size = sizeText(Buffer.byteLength(String(base64), "base64"));
      return ["attached", `${String(name)} (${String(content_type)}, ${size})`];
    }),
    // What else goes into the provider's request; SMTP has no place for it.
    ...(Object.keys(overrides).length === 0 ? [] : field({ overrides }, "overrides")),
    ...field(content, "text_body", "text"),
    ...(html === "" ? [] : ([["html", `${sizeText(Buffer.byteLength(html))}${hint}`]] as Line[])),
  ];
}

function feedLines(content: JsonObject): Line[] {
  return objectsIn(content.blocks).map((block): Line => {
    if (block.type !== "button_set") return [String(block.name), String(block.rendered)];
    const buttons = objectsIn(block.buttons).map(({ label, action }) => `[${String(label)}] ${String(action)}`);
    return [String(block.name), buttons.join("\n")];
  });
}

const MAX_OUTLINE_DEPTH = 8;

/** The texts of one element of a chat platform's own JSON, wherever it keeps them: Slack blocks, Adaptive Cards, embeds. */
function textOf(element: JsonObject): string {
  for (const name of ["text", "title", "alt_text", "altText", "description", "value", "name", "url", "image_url"]) {
    const value = element[name];
    if (typeof value === "string" && value !== "") return value;
    if (isJsonObject(value) && typeof value.text === "string") return value.text;
  }
  return "";
}

/** One line for each element that says something, what it holds further in. */
function outline(value: Json | undefined, depth = 0): string[] {
  if (depth > MAX_OUTLINE_DEPTH) return [];
  if (Array.isArray(value)) return value.flatMap((item) => outline(item, depth));
  if (!isJsonObject(value)) return [];
  const kind = typeof value.type === "string" ? value.type : "";
  const text = textOf(value);
  const leads = typeof value.url === "string" && value.url !== text ? ` → ${value.url}` : "";
  const said = `${text}${leads}`.replaceAll("\n", " ");
  const own = kind === "" && said === "" ? [] : [`${"  ".repeat(depth)}${[kind, said].filter(Boolean).join(": ")}`];
  const held = [
    "blocks",
    "elements",
    "fields",
    "accessory",
    "attachments",
    "content",
    "body",
    "items",
    "columns",
    "actions",
    "embeds",
    "components",
  ];
  return [...own, ...held.flatMap((name) => outline(value[name], depth + (own.length > 0 ? 1 : 0)))];
}

/** In outline; what has none, such as the name of a template kept elsewhere, as it is. */
function jsonLines(json: JsonObject): Line {
  const lines = outline(json);
  return lines.length > 0 ? ["blocks", lines.join("\n")] : ["json", JSON.stringify(json, null, 2)];
}

function bodyLines(template: JsonObject): Line[] {
  return [
    ...field(template, "summary"),
    ...objectsIn(template.blocks).map((block): Line => [String(block.name), String(block.content)]),
    ...(isJsonObject(template.json_content) ? [jsonLines(template.json_content)] : []),
  ];
}

function chatLines(content: JsonObject): Line[] {
  const connection = isJsonObject(content.connection) ? content.connection : {};
  const template = isJsonObject(content.template) ? content.template : {};
  const { metadata } = content;
  const fault = isJsonObject(metadata) ? (metadata.connection_fault ?? metadata.reply_fault) : null;
  if (typeof fault === "string") return [["to", `nobody: ${fault}`], ...bodyLines(template)];
  const id =
    connection.channel_id ??
    connection.user_id ??
    connection.ms_teams_channel_id ??
    connection.phone_number ??
    connection.email;
  const name = typeof connection.channel_name === "string" ? `#${connection.channel_name}` : null;
  const place = [name, typeof id === "string" ? (name ? `(${id})` : id) : null].filter(Boolean).join(" ");
  const to =
    place === "" ? (connection.via_incoming_webhook ? "an incoming webhook" : JSON.stringify(connection)) : place;
  const thread = isJsonObject(metadata) ? (metadata.reply_to_step_ref ?? metadata.parent_message_id) : null;
  return [
    ["to", to],
    ...(typeof thread === "string" ? ([["reply to", thread]] as Line[]) : []),
    ...bodyLines(template),
  ];
}

function webhookLines(content: JsonObject): Line[] {
  const query = objectsIn(content.query_params).map(({ key, value }): [string, string] => [String(key), String(value)]);
  const address = String(content.url);
  const joint = address.includes("?") ? "&" : "?";
  const url = query.length > 0 ? `${address}${joint}${new URLSearchParams(query).toString()}` : address;
  return [
    ["request", `${String(content.method).toUpperCase()} ${url}`],
    ...objectsIn(content.headers).map(({ key, value }): Line => [String(key), String(value)]),
    ...field(content, "body"),
  ];
}

/**
 * A content document in the order its reader wants it, by content type. `hint` says how to see the HTML that
 * is only counted here.
 */
export function contentLines(content: JsonObject, hint = ""): Line[] {
  switch (content.__typename) {
    case "MessageEmailContent":
      return emailLines(content, hint);
    case "MessageSmsContent":
      return [...field(content, "to"), ...field(content, "body"), ...field(content, "payload_overrides", "overrides")];
    case "MessagePushContent":
      return [
        ...field(content, "token"),
        ...field(content, "title"),
        ...field(content, "body"),
        ...field(content, "data"),
        ...field(content, "payload_overrides", "overrides"),
      ];
    case "MessageInAppFeedContent":
      return feedLines(content);
    case "MessageChatContent":
      return chatLines(content);
    case "MessageWebhookContent":
      return webhookLines(content);
    case "MessageInAppGuideContent": {
      const shown = isJsonObject(content.content) ? content.content : {};
      return Object.keys(shown).flatMap((name) => field(shown, name));
    }
    default:
      return Object.keys(content)
        .filter((name) => name !== "__typename")
        .flatMap((name) => field(content, name));
  }
}
