import { getActors, type Message } from "../../domain/message/message.js";
import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import type { FeedStore } from "../../ports/feed-store.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { LocalFeedOperations } from "../../ports/resource-operations.js";
import type { Json, JsonObject } from "../../util/json.js";
import { checkFeedChannel } from "../channel/find-channel.js";
import type { EngineContext } from "../context/engine-context.js";
import { serializeReferencedRecipient } from "../context/serialize-recipient.js";
import { serializeMessage } from "./api-serializers.js";

/** The fields that an item copies from its message. */
const MESSAGE_FIELDS = [
  "id",
  "tenant",
  "inserted_at",
  "updated_at",
  "seen_at",
  "read_at",
  "interacted_at",
  "archived_at",
  "link_clicked_at",
  "clicked_at",
];

/** Returns the API's `InAppFeedItem`, without the activities of its rich mode. */
function serializeFeedItem(
  message: Message,
  cursor: string,
  recipients: ReadonlyMap<RecipientKey, Recipient>,
): JsonObject {
  const serialized = serializeMessage(message);
  const actors = getActors(message).map((actor) =>
    serializeReferencedRecipient(actor, recipients, message.inserted_at),
  );
  const { attachments: _attachments, ...data } = message.data;
  return {
    __typename: "FeedItem",
    __cursor: cursor,
    ...Object.fromEntries(MESSAGE_FIELDS.map((name): [string, Json] => [name, serialized[name] ?? null])),
    actors,
    total_actors: message.batch?.total_actors ?? actors.length,
    total_activities: message.batch?.total_activities ?? 1,
    blocks: message.content.blocks ?? [],
    data,
    source: {
      __typename: "Workflow",
      key: message.workflow,
      categories: message.categories,
      version_id: message.version_id,
    },
  };
}

export function createFeedOperations(context: EngineContext<FeedStore & RecipientStore>): LocalFeedOperations {
  return {
    readNewMessages: (cursor) => context.store.readNewMessages(cursor),
    async list(filter, page) {
      const environment = await context.definitions.environment();
      if (filter.channel !== undefined) checkFeedChannel(environment, filter.channel);
      const { items, page_info, counts } = await context.store.listFeed(filter, page);
      const actors = new Set(items.flatMap(({ message }) => getActors(message)));
      const recipients = await context.store.readRecipients([...actors]);
      return {
        items: items.map(({ message, cursor }) => serializeFeedItem(message, cursor, recipients)),
        page_info,
        meta: { __typename: "FeedMetadata", ...counts },
        vars: environment.variables,
      };
    },
  };
}
