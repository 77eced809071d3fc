import type { Environment } from "../../domain/environment/environment.js";
import {
  type FieldFilter,
  filtered,
  type ResponseFilter,
  responseFilterOf,
} from "../../domain/environment/response-filter.js";
import type { FeedPage } from "../../ports/resources.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** A recipient stays one: clients tell them apart by it. */
function person(shape: Json | undefined, filter: FieldFilter): Json {
  if (!isJsonObject(shape)) return shape ?? null;
  const { __typename = null, id = null, collection } = shape;
  const kept = filtered(shape, filter);
  return kept === shape ? shape : { __typename, id, ...(collection === undefined ? {} : { collection }), ...kept };
}

/** `false` omits a person entirely; an activity always has its actor, which may be null. */
function activity(shape: JsonObject, { actor, recipient, data }: ResponseFilter): JsonObject {
  const { recipient: whole, ...rest } = shape;
  return {
    ...rest,
    ...(isJsonObject(shape.data) ? { data: filtered(shape.data, data) } : {}),
    actor: actor === false ? null : person(shape.actor, actor),
    ...(recipient === false ? {} : { recipient: person(whole, recipient) }),
  };
}

function item(shape: JsonObject, filter: ResponseFilter): JsonObject {
  const { actors, activities, data } = shape;
  return {
    ...shape,
    ...(isJsonObject(data) ? { data: filtered(data, filter.data) } : {}),
    ...(Array.isArray(actors)
      ? { actors: filter.actor === false ? [] : actors.map((actor) => person(actor, filter.actor)) }
      : {}),
    ...(Array.isArray(activities)
      ? { activities: activities.map((one) => (isJsonObject(one) ? activity(one, filter) : one)) }
      : {}),
  };
}

/** A feed's answer as its channel's `response_filter` has it (A-105, CH-221). */
export function filteredFeed(page: FeedPage, name: string, { channels }: Environment): FeedPage {
  const channel = Object.values(channels).find((one) => one?.id === name || one?.key === name);
  const filter = channel ? responseFilterOf(channel.settings) : null;
  if (filter === null) return page;
  return { ...page, items: page.items.map((one) => item(one, filter)), vars: filtered(page.vars, filter.vars) };
}
