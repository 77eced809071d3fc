import { filterObjects, isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";

/** The number of characters of a message's text that a list displays. */
const MAX_TEXT_LENGTH = 160;

const toText = (value: Json | undefined): string => (typeof value === "string" ? value : "");
/** Returns rendered Markdown as plain text. The page displays it as text, so an incomplete tag in it is harmless. */
function stripTags(html: string): string {
  return html
    .replace(/<[^<>]*>/g, " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

function getTitleAndText(content: JsonObject): [title: string, text: string] {
  switch (content.__typename) {
    case "MessageEmailContent":
      // A text body contains the URL of each link after its label. In a list it would take the space of the text.
      return [toText(content.subject_line), toText(content.text_body).replace(/ \(https?:[^\s)]*\)/g, "")];
    case "MessagePushContent":
      return [toText(content.title), toText(content.body)];
    case "MessageInAppFeedContent": {
      const body = filterObjects(content.blocks).find(({ type }) => type === "markdown" || type === "text");
      return ["", stripTags(toText(body?.rendered))];
    }
    case "MessageChatContent": {
      const template = isJsonObject(content.template) ? content.template : {};
      const blocks = filterObjects(template.blocks).map((block) => toText(block.content));
      return ["", toText(template.summary) || blocks.join(" ") || JSON.stringify(template.json_content ?? "")];
    }
    case "MessageInAppGuideContent": {
      const fields = isJsonObject(content.content) ? Object.values(content.content) : [];
      return ["", fields.map(toText).filter(Boolean).join(" · ")];
    }
    case "MessageWebhookContent":
      return [`${toText(content.method).toUpperCase()} ${toText(content.url)}`, toText(content.body)];
    default:
      return ["", toText(content.body)];
  }
}

const shorten = (text: string): string =>
  text
    .slice(0, 4 * MAX_TEXT_LENGTH)
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, MAX_TEXT_LENGTH);

/** Returns a message for a list: without its content, but with its title and the beginning of its text. */
export function summarizeMessage(message: JsonObject): JsonObject {
  const { content, data: _data, ...rest } = message;
  const document = isJsonObject(content) && isJsonObject(content.data) ? content.data : {};
  const [title, text] = getTitleAndText(document);
  return { ...rest, title: shorten(title), text: shorten(text) };
}
