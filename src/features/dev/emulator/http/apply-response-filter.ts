import type { Environment } from "../../../../domain/environment/environment.js";
import {
  type FieldFilter,
  filterFields,
  findResponseFilter,
  type ResponseFilter,
} from "../../../../domain/environment/response-filter.js";
import type { FeedPage } from "../../../../ports/resource-operations.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";

/**
 * Filters the fields of a recipient. The type, ID and collection always stay, because clients identify recipients by
 * them.
 */
function filterRecipient(shape: Json | undefined, filter: FieldFilter): Json {
  if (!isJsonObject(shape)) return shape ?? null;
  const { __typename = null, id = null, collection } = shape;
  const fields = filterFields(shape, filter);
  return fields === shape ? shape : { __typename, id, ...(collection === undefined ? {} : { collection }), ...fields };
}

/**
 * Filters one activity. A filter of `false` removes the recipient, but sets the actor to null, because an activity
 * always has an actor.
 */
function filterActivity(shape: JsonObject, { actor, recipient, data }: ResponseFilter): JsonObject {
  const { recipient: fullRecipient, ...rest } = shape;
  return {
    ...rest,
    ...(isJsonObject(shape.data) ? { data: filterFields(shape.data, data) } : {}),
    actor: actor === false ? null : filterRecipient(shape.actor, actor),
    ...(recipient === false ? {} : { recipient: filterRecipient(fullRecipient, recipient) }),
  };
}

function filterItem(shape: JsonObject, filter: ResponseFilter): JsonObject {
  const { actors, activities, data } = shape;
  return {
    ...shape,
    ...(isJsonObject(data) ? { data: filterFields(data, filter.data) } : {}),
    ...(Array.isArray(actors)
      ? { actors: filter.actor === false ? [] : actors.map((actor) => filterRecipient(actor, filter.actor)) }
      : {}),
    ...(Array.isArray(activities)
      ? { activities: activities.map((entry) => (isJsonObject(entry) ? filterActivity(entry, filter) : entry)) }
      : {}),
  };
}

/**
 * Applies the `response_filter` of a feed's channel to a page of the feed (A-105, CH-221). `name` is the channel's ID
 * or key.
 */
export function applyResponseFilter(page: FeedPage, name: string, { channels }: Environment): FeedPage {
  const channel = Object.values(channels).find((candidate) => candidate?.id === name || candidate?.key === name);
  const filter = channel ? findResponseFilter(channel.settings) : null;
  if (filter === null) return page;
  return {
    ...page,
    items: page.items.map((feedItem) => filterItem(feedItem, filter)),
    vars: filterFields(page.vars, filter.vars),
  };
}
