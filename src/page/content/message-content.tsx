import type { ComponentChildren } from "preact";
import { filterObjects, isJsonObject, type JsonObject } from "../../util/json.js";
import { Code } from "../parts/basics.js";
import { Chat } from "./chat.js";
import { FeedItem } from "./feed-item.js";

function parseBody(body: unknown): unknown {
  if (typeof body !== "string") return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function Webhook({ content }: { content: JsonObject }) {
  const query = filterObjects(content.query_params).map(({ key, value }) => `${String(key)}=${String(value)}`);
  const headers = filterObjects(content.headers).map(({ key, value }) => `${String(key)}: ${String(value)}`);
  const line = `${String(content.method ?? "").toUpperCase()} ${String(content.url ?? "")}${query.length > 0 ? `?${query.join("&")}` : ""}`;
  return (
    <>
      <Code value={[line, ...headers].join("\n")} label="The request" />
      <Code value={parseBody(content.body ?? "")} label="Its body" />
    </>
  );
}

function Phone({ children, label }: { children: ComponentChildren; label: string }) {
  return (
    <figure class="phone" aria-label={label}>
      <div class="phone-top" aria-hidden="true" />
      <div class="phone-screen">{children}</div>
    </figure>
  );
}

function Sms({ content }: { content: JsonObject }) {
  return (
    <Phone label="The text message on a phone">
      <p class="phone-to">{String(content.to ?? "")}</p>
      <p class="bubble">{String(content.body ?? "")}</p>
    </Phone>
  );
}

function Push({ content, app }: { content: JsonObject; app: string }) {
  return (
    <Phone label="The notification on a phone">
      <div class="notification">
        <p class="notification-app">
          <span>{app}</span>
          <span>now</span>
        </p>
        <p class="notification-title">{String(content.title ?? "")}</p>
        <p class="notification-body">{String(content.body ?? "")}</p>
      </div>
    </Phone>
  );
}

/** Returns the content of a message, whose fields depend on the channel type. */
export const getContent = ({ content }: JsonObject): JsonObject =>
  isJsonObject(content) && isJsonObject(content.data) ? content.data : {};

/** Displays a message as its reader sees it. Emails have tabs instead. */
export function MessageContent({ message }: { message: JsonObject }) {
  const content = getContent(message);
  const app = String(message.workflow);
  switch (content.__typename) {
    case "MessageSmsContent":
      return <Sms content={content} />;
    case "MessagePushContent":
      return <Push content={content} app={app} />;
    case "MessageChatContent":
      return <Chat content={content} app={app} />;
    case "MessageInAppFeedContent":
      return (
        <FeedItem
          blocks={content.blocks}
          actors={message.actors}
          at={message.inserted_at}
          isRead={message.read_at !== null}
        />
      );
    case "MessageWebhookContent":
      return <Webhook content={content} />;
    default:
      return <Code value={content} label="Content" />;
  }
}
