import { splitRecipientKey, USERS } from "../domain/recipient/recipient.js";
import { encodePathSegment } from "../domain/trigger/api-request.js";
import type { MessageFilter } from "../ports/filters.js";
import type { Paged, PageRequest } from "../ports/page-request.js";
import { isUuid } from "../util/ids.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";
import { iteratePages, listPage, MAX_PAGE_SIZE, type Query } from "./list-page.js";
import { nullIfMissing } from "./read-run-detail.js";

const MAX_MESSAGE_PAGES = 400;

/** Returns the API's message with its `content`, or null. */
export async function readRemoteMessage(client: ApiClient, id: string): Promise<JsonObject | null> {
  if (id === "") return null;
  const path = `/v1/messages/${encodePathSegment(id)}`;
  const response = await nullIfMissing(client.call("GET", path));
  if (response === null) return null;
  const message = client.responseReader.readObject(response, "id", "status");
  const content = await nullIfMissing(client.call("GET", `${path}/content`));
  return { ...message, content: content === null ? null : client.responseReader.readObject(content, "message_id") };
}

/** Returns the newest page of a message's delivery logs; null if there is no such message. */
export async function readRemoteDeliveryLogs(client: ApiClient, id: string): Promise<JsonObject[] | null> {
  if (id === "") return null;
  const page = { limit: MAX_PAGE_SIZE };
  const listed = await nullIfMissing(
    listPage(client, `/v1/messages/${encodePathSegment(id)}/delivery_logs`, {}, page, null),
  );
  return listed === null ? null : listed.items;
}

/** Lists messages. The API filters by a channel's id only, so a channel's key is matched here. */
export function listRemoteMessages(
  client: ApiClient,
  filter: MessageFilter,
  page: PageRequest,
): Promise<Paged<JsonObject>> {
  const { channel } = filter;
  const isChannelId = channel !== undefined && isUuid(channel);
  const query: Query = {
    source: filter.workflow,
    workflow_run_id: filter.workflow_run_id,
    workflow_recipient_run_id: filter.recipient_run_id,
    channel_id: isChannelId ? channel : undefined,
    "status[]": filter.status,
    "engagement_status[]": filter.engagement_statuses,
    tenant: filter.tenant,
  };
  const hasChannelKey =
    channel === undefined || isChannelId
      ? null
      : (message: JsonObject) => isJsonObject(message.channel) && message.channel.key === channel;
  return listPage(client, buildMessagesPath(filter), query, page, hasChannelKey);
}

/** Returns a trigger's messages, oldest first. */
export async function findMessages(client: ApiClient, query: Query, signal?: AbortSignal): Promise<JsonObject[]> {
  const messages: JsonObject[] = [];
  const options = { maxPages: MAX_MESSAGE_PAGES, signal };
  for await (const page of iteratePages(client, "/v1/messages", query, options)) messages.push(...page.items);
  return messages.reverse();
}

function buildMessagesPath({ recipient }: MessageFilter): string {
  if (recipient === undefined) return "/v1/messages";
  const { collection, id } = splitRecipientKey(recipient);
  if (collection === USERS) return `/v1/users/${encodePathSegment(id)}/messages`;
  return `/v1/objects/${encodePathSegment(collection)}/${encodePathSegment(id)}/messages`;
}
