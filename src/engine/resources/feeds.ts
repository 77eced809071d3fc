import { actorsOf, type Message } from "../../domain/message/message.js";
import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import type { FeedStore } from "../../ports/feed-store.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { FeedOperations } from "../../ports/resources.js";
import type { Json, JsonObject } from "../../util/json.js";
import { checkFeedChannel } from "../channel/find-channel.js";
import type { EngineContext } from "../context/engine-context.js";
import { referredShape } from "../context/recipient-shapes.js";
import { messageShape } from "./api-shapes.js";

/** What an item has of its message as it stands there. */
const SHARED = [
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

/** The API's `InAppFeedItem`, without the activities of its rich mode. */
function feedItemShape(message: Message, cursor: string, people: ReadonlyMap<RecipientKey, Recipient>): JsonObject {
  const shape = messageShape(message);
  const actors = actorsOf(message).map((actor) => referredShape(actor, people, message.inserted_at));
  const { attachments: _attachments, ...data } = message.data;
  return {
    __typename: "FeedItem",
    __cursor: cursor,
    ...Object.fromEntries(SHARED.map((name): [string, Json] => [name, shape[name] ?? null])),
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

export function feedOperations(context: EngineContext<FeedStore & RecipientStore>): FeedOperations {
  return {
    news: (mark) => context.store.newMessagesSince(mark),
    async list(filter, page) {
      const environment = await context.definitions.environment();
      if (filter.channel !== undefined) checkFeedChannel(environment, filter.channel);
      const { items, page_info, counts } = await context.store.listFeed(filter, page);
      const actors = new Set(items.flatMap(({ message }) => actorsOf(message)));
      const people = await context.store.readRecipients([...actors]);
      return {
        items: items.map(({ message, cursor }) => feedItemShape(message, cursor, people)),
        page_info,
        meta: { __typename: "FeedMetadata", ...counts },
        vars: environment.variables,
      };
    },
  };
}
