import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** Characters of a message's text that a list shows. */
const MAX_TEXT = 160;

const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const objectsIn = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

/** Rendered Markdown as plain text. It is shown as text, so that what is left of a tag does no harm. */
function plain(html: string): string {
  return html
    .replace(/<[^<>]*>/g, " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

function partsOf(content: JsonObject): [title: string, text: string] {
  switch (content.__typename) {
    case "MessageEmailContent":
      // A text body has a link's address after its words; in a list it would push the words away.
      return [textOf(content.subject_line), textOf(content.text_body).replace(/ \(https?:[^\s)]*\)/g, "")];
    case "MessagePushContent":
      return [textOf(content.title), textOf(content.body)];
    case "MessageInAppFeedContent": {
      const body = objectsIn(content.blocks).find(({ type }) => type === "markdown" || type === "text");
      return ["", plain(textOf(body?.rendered))];
    }
    case "MessageChatContent": {
      const template = isJsonObject(content.template) ? content.template : {};
      const blocks = objectsIn(template.blocks).map((block) => textOf(block.content));
      return ["", textOf(template.summary) || blocks.join(" ") || JSON.stringify(template.json_content ?? "")];
    }
    case "MessageInAppGuideContent": {
      const fields = isJsonObject(content.content) ? Object.values(content.content) : [];
      return ["", fields.map(textOf).filter(Boolean).join(" · ")];
    }
    case "MessageWebhookContent":
      return [`${textOf(content.method).toUpperCase()} ${textOf(content.url)}`, textOf(content.body)];
    default:
      return ["", textOf(content.body)];
  }
}

const short = (text: string): string =>
  text
    .slice(0, 4 * MAX_TEXT)
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, MAX_TEXT);

/** A message as a list shows it: without its content, but with the first words of it. */
export function messageSummary(message: JsonObject): JsonObject {
  const { content, data: _data, ...rest } = message;
  const document = isJsonObject(content) && isJsonObject(content.data) ? content.data : {};
  const [title, text] = partsOf(document);
  return { ...rest, title: short(title), text: short(text) };
}
