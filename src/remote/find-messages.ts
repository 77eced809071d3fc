import type { JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";
import { iteratePages, type Query } from "./list-page.js";

const MAX_MESSAGE_PAGES = 400;

/** Returns a trigger's messages, oldest first. */
export async function findMessages(client: ApiClient, query: Query, signal?: AbortSignal): Promise<JsonObject[]> {
  const messages: JsonObject[] = [];
  const options = { maxPages: MAX_MESSAGE_PAGES, signal };
  for await (const page of iteratePages(client, "/v1/messages", query, options)) messages.push(...page.items);
  return messages.reverse();
}
