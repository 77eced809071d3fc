import type { JsonObject } from "../../util/json.js";
import { isJsonObject } from "../../util/json.js";
import { Code } from "../parts/basics.js";
import { Chat } from "./chat.js";
import { FeedItem } from "./feed-item.js";
import { Push, Sms } from "./phone.js";
import { Webhook } from "./webhook.js";

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
