import type { ComponentChildren } from "preact";
import { NESTED_FIELDS } from "../../domain/message/nested-fields.js";
import { filterObjects, isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { getInitial } from "../lib/labels.js";
import { Code } from "../parts/basics.js";
import { OutLink } from "./rich-text.js";

const MAX_DEPTH = 8;
const SHOWN_FIELDS = [...NESTED_FIELDS, "facts"];

function findElementText(element: JsonObject): string {
  for (const name of ["text", "title", "alt_text", "altText", "description", "value", "name", "label", "url"]) {
    const value = element[name];
    if (typeof value === "string" && value !== "") return value;
    if (isJsonObject(value) && typeof value.text === "string") return value.text;
  }
  return "";
}

/** Renders Slack blocks, Adaptive Cards and embeds in the same way: their texts in order, and buttons as buttons. */
function Blocks({ value, depth = 0 }: { value: Json | undefined; depth?: number }): ComponentChildren {
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) return value.map((item, at) => <Blocks key={String(at)} value={item} depth={depth} />);
  if (!isJsonObject(value)) return null;
  const type = String(value.type ?? "");
  const text = findElementText(value);
  const inside = SHOWN_FIELDS.filter((name) => typeof value[name] === "object").map((name) => (
    <Blocks key={name} value={value[name]} depth={depth + 1} />
  ));
  if (type === "divider") return <hr />;
  if (/button|Action\./.test(type)) return <span class="chat-button">{text}</span>;
  if (/image/i.test(type)) return <span class="blocked">picture: {text}</span>;
  if (type === "header" || type === "TextBlock")
    return (
      <p class={type === "header" ? "chat-title" : ""}>
        <InlineText text={text} />
      </p>
    );
  return (
    <div class={type === "context" ? "chat-block muted" : "chat-block"}>
      {text === "" ? null : (
        <p>
          <InlineText text={text} />
        </p>
      )}
      {inside}
    </div>
  );
}

/** Matches the inline markup of chat apps: links in Markdown and Slack syntax, bold, italic, strikethrough and code. */
const INLINE_MARKUP =
  /\[([^[\]\n]+)\]\(([^)\s]+)\)|<([^|<>\s]+)\|([^<>\n]+)>|<(https?:[^<>\s]+)>|\*\*?([^*\n]+)\*\*?|(?<!\w)_([^_\n]+)_(?!\w)|~([^~\n]+)~|`([^`\n]+)`/g;

function InlineText({ text }: { text: string }) {
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE_MARKUP)) {
    const [all, name, link, address, label, bare, bold, slanted, struck, code] = match;
    const key = String(match.index);
    parts.push(text.slice(end, match.index));
    end = match.index + all.length;
    const to = link ?? address ?? bare;
    if (to !== undefined)
      parts.push(
        <OutLink key={key} to={to}>
          {name ?? label ?? bare}
        </OutLink>,
      );
    else if (bold !== undefined) parts.push(<strong key={key}>{bold}</strong>);
    else if (slanted !== undefined) parts.push(<em key={key}>{slanted}</em>);
    else if (struck !== undefined) parts.push(<s key={key}>{struck}</s>);
    else parts.push(<code key={key}>{code}</code>);
  }
  return (
    <>
      {parts}
      {text.slice(end)}
    </>
  );
}

export function Chat({ content, app }: { content: JsonObject; app: string }) {
  const connection = isJsonObject(content.connection) ? content.connection : {};
  const template = isJsonObject(content.template) ? content.template : {};
  const destination = connection.channel_name
    ? `#${String(connection.channel_name)}`
    : String(
        connection.channel_id ?? connection.user_id ?? connection.ms_teams_channel_id ?? connection.phone_number ?? "",
      );
  const json = template.json_content;
  return (
    <>
      <figure class="chat" aria-label="The message in a chat">
        <figcaption>
          {destination || (connection.via_incoming_webhook ? "an incoming webhook" : "a conversation")}
        </figcaption>
        <div class="chat-message">
          <span class="avatar" aria-hidden="true">
            {getInitial(app)}
          </span>
          <div>
            <p class="chat-author">
              {app} <span class="muted">app</span>
            </p>
            {filterObjects(template.blocks).map((block, at) => (
              <p key={String(at)} class="chat-text">
                <InlineText text={String(block.content ?? "")} />
              </p>
            ))}
            <Blocks value={json} />
          </div>
        </div>
      </figure>
      {isJsonObject(json) ? (
        <details>
          <summary>Blocks as JSON</summary>
          <Code value={json} label="Blocks as JSON" />
        </details>
      ) : null}
    </>
  );
}
