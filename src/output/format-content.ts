import { NESTED_FIELDS } from "../domain/message/nested-fields.js";
import { filterObjects, isJsonObject, type Json, type JsonObject } from "../util/json.js";

/** A name and its text, which may have several lines. */
type ContentLine = [name: string, text: string];

function formatField(content: JsonObject, name: string, label = name): ContentLine[] {
  const value = content[name];
  if (value === null || value === undefined || value === "") return [];
  return [[label, typeof value === "string" ? value : JSON.stringify(value, null, 2)]];
}

function formatSize(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  return bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(1)} kB` : `${(bytes / 1_048_576).toFixed(1)} MB`;
}

function formatEmail(content: JsonObject, hint: string): ContentLine[] {
  const headers = isJsonObject(content.headers) ? Object.entries(content.headers) : [];
  const html = typeof content.html_body === "string" ? content.html_body : "";
  const { headers: _headers, ...overrides } = isJsonObject(content.json_overrides) ? content.json_overrides : {};
  return [
    ...formatField(content, "from"),
    ...formatField(content, "to"),
    ...formatField(content, "cc"),
    ...formatField(content, "bcc"),
    ...formatField(content, "reply_to", "reply-to"),
    ...formatField(content, "subject_line", "subject"),
    ...headers.map(([name, value]): ContentLine => [name, String(value)]),
    ...filterObjects(content.attachments).map(({ name, content_type, content: base64 }): ContentLine => {
      const size = formatSize(Buffer.byteLength(String(base64), "base64"));
      return ["attached", `${String(name)} (${String(content_type)}, ${size})`];
    }),
    // Fields that only a provider's request can contain; SMTP has no equivalent for them.
    ...(Object.keys(overrides).length === 0 ? [] : formatField({ overrides }, "overrides")),
    ...formatField(content, "text_body", "text"),
    ...(html === "" ? [] : ([["html", `${formatSize(Buffer.byteLength(html))}${hint}`]] as ContentLine[])),
  ];
}

function formatFeedItem(content: JsonObject): ContentLine[] {
  return filterObjects(content.blocks).map((block): ContentLine => {
    if (block.type !== "button_set") return [String(block.name), String(block.rendered)];
    const buttons = filterObjects(block.buttons).map(({ label, action }) => `[${String(label)}] ${String(action)}`);
    return [String(block.name), buttons.join("\n")];
  });
}

const MAX_OUTLINE_DEPTH = 8;

/**
 * Returns the text of an element of a chat platform's JSON, from whichever field contains it: Slack blocks, Adaptive
 * Cards, embeds.
 */
function findElementText(element: JsonObject): string {
  for (const name of ["text", "title", "alt_text", "altText", "description", "value", "name", "url", "image_url"]) {
    const value = element[name];
    if (typeof value === "string" && value !== "") return value;
    if (isJsonObject(value) && typeof value.text === "string") return value.text;
  }
  return "";
}

/** Returns one line for each element that has a type or a text, with nested elements indented. */
function formatOutline(value: Json | undefined, depth = 0): string[] {
  if (depth > MAX_OUTLINE_DEPTH) return [];
  if (Array.isArray(value)) return value.flatMap((item) => formatOutline(item, depth));
  if (!isJsonObject(value)) return [];
  const kind = typeof value.type === "string" ? value.type : "";
  const text = findElementText(value);
  const target = typeof value.url === "string" && value.url !== text ? ` → ${value.url}` : "";
  const line = `${text}${target}`.replaceAll("\n", " ");
  const ownLines =
    kind === "" && line === "" ? [] : [`${"  ".repeat(depth)}${[kind, line].filter(Boolean).join(": ")}`];
  return [
    ...ownLines,
    ...NESTED_FIELDS.flatMap((name) => formatOutline(value[name], depth + (ownLines.length > 0 ? 1 : 0))),
  ];
}

/**
 * Formats chat JSON as an outline. JSON without any text or type, such as a reference to a stored template, is printed
 * unchanged.
 */
function formatChatJson(json: JsonObject): ContentLine {
  const lines = formatOutline(json);
  return lines.length > 0 ? ["blocks", lines.join("\n")] : ["json", JSON.stringify(json, null, 2)];
}

function formatChatBody(template: JsonObject): ContentLine[] {
  return [
    ...formatField(template, "summary"),
    ...filterObjects(template.blocks).map((block): ContentLine => [String(block.name), String(block.content)]),
    ...(isJsonObject(template.json_content) ? [formatChatJson(template.json_content)] : []),
  ];
}

function formatChat(content: JsonObject): ContentLine[] {
  const connection = isJsonObject(content.connection) ? content.connection : {};
  const template = isJsonObject(content.template) ? content.template : {};
  const { metadata } = content;
  const problem = isJsonObject(metadata) ? (metadata.connection_fault ?? metadata.reply_fault) : null;
  if (typeof problem === "string") return [["to", `nobody: ${problem}`], ...formatChatBody(template)];
  const id =
    connection.channel_id ??
    connection.user_id ??
    connection.ms_teams_channel_id ??
    connection.phone_number ??
    connection.email;
  const name = typeof connection.channel_name === "string" ? `#${connection.channel_name}` : null;
  const channel = [name, typeof id === "string" ? (name ? `(${id})` : id) : null].filter(Boolean).join(" ");
  const to =
    channel === "" ? (connection.via_incoming_webhook ? "an incoming webhook" : JSON.stringify(connection)) : channel;
  const thread = isJsonObject(metadata) ? (metadata.reply_to_step_ref ?? metadata.parent_message_id) : null;
  return [
    ["to", to],
    ...(typeof thread === "string" ? ([["reply to", thread]] as ContentLine[]) : []),
    ...formatChatBody(template),
  ];
}

function formatWebhook(content: JsonObject): ContentLine[] {
  const query = filterObjects(content.query_params).map(({ key, value }): [string, string] => [
    String(key),
    String(value),
  ]);
  const address = String(content.url);
  const joint = address.includes("?") ? "&" : "?";
  const url = query.length > 0 ? `${address}${joint}${new URLSearchParams(query).toString()}` : address;
  return [
    ["request", `${String(content.method).toUpperCase()} ${url}`],
    ...filterObjects(content.headers).map(({ key, value }): ContentLine => [String(key), String(value)]),
    ...formatField(content, "body"),
  ];
}

/**
 * Formats a content document in the order in which its recipient sees it, by content type. `hint` says
 * how to see the HTML, of which only the size is printed.
 */
export function formatContent(content: JsonObject, hint = ""): ContentLine[] {
  switch (content.__typename) {
    case "MessageEmailContent":
      return formatEmail(content, hint);
    case "MessageSmsContent":
      return [
        ...formatField(content, "to"),
        ...formatField(content, "body"),
        ...formatField(content, "payload_overrides", "overrides"),
      ];
    case "MessagePushContent":
      return [
        ...formatField(content, "token"),
        ...formatField(content, "title"),
        ...formatField(content, "body"),
        ...formatField(content, "data"),
        ...formatField(content, "payload_overrides", "overrides"),
      ];
    case "MessageInAppFeedContent":
      return formatFeedItem(content);
    case "MessageChatContent":
      return formatChat(content);
    case "MessageWebhookContent":
      return formatWebhook(content);
    case "MessageInAppGuideContent": {
      const fields = isJsonObject(content.content) ? content.content : {};
      return Object.keys(fields).flatMap((name) => formatField(fields, name));
    }
    default:
      return Object.keys(content)
        .filter((name) => name !== "__typename")
        .flatMap((name) => formatField(content, name));
  }
}
