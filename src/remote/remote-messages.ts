import type { EngagementAction } from "../domain/message/message.js";
import { splitRecipientKey, USERS } from "../domain/recipient/recipient.js";
import { encodePathSegment } from "../domain/trigger/api-request.js";
import { KnockError } from "../errors/knock-error.js";
import type { MessageFilter } from "../ports/filters.js";
import type { Paged, PageRequest } from "../ports/page-request.js";
import { isUuid } from "../util/ids.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";
import { listPage, MAX_PAGE_SIZE, type Query } from "./list-page.js";
import { nullIfMissing } from "./read-run-detail.js";

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

function buildMessagesPath({ recipient }: MessageFilter): string {
  if (recipient === undefined) return "/v1/messages";
  const { collection, id } = splitRecipientKey(recipient);
  if (collection === USERS) return `/v1/users/${encodePathSegment(id)}/messages`;
  return `/v1/objects/${encodePathSegment(collection)}/${encodePathSegment(id)}/messages`;
}

type MarkRequest = { method: "PUT" | "DELETE"; status: string };

/** The requests that mark a message. A click is recorded by the link alone. */
const MARK_REQUESTS: Record<EngagementAction, MarkRequest | null> = {
  seen: { method: "PUT", status: "seen" },
  unseen: { method: "DELETE", status: "seen" },
  read: { method: "PUT", status: "read" },
  unread: { method: "DELETE", status: "read" },
  interacted: { method: "PUT", status: "interacted" },
  archived: { method: "PUT", status: "archived" },
  unarchived: { method: "DELETE", status: "archived" },
  link_clicked: null,
};

/**
 * Marks messages one by one, after checking that all of them exist. Throws `resource_missing` with the unknown ids, and
 * `not_supported` for `link_clicked`. If one fails later, the error lists the messages that were changed before.
 */
export async function markRemoteMessages(
  client: ApiClient,
  ids: readonly string[],
  action: EngagementAction,
  metadata: JsonObject | null = null,
): Promise<JsonObject[]> {
  const request = MARK_REQUESTS[action];
  if (request === null) {
    throw new KnockError("not_supported", "The API cannot mark a message link_clicked.", {
      hint: "Open one of the message's tracked links, mark it `interacted`, or use the local target.",
    });
  }
  await checkExisting(client, ids);
  const marked: JsonObject[] = [];
  for (const id of ids) {
    try {
      const path = `/v1/messages/${encodePathSegment(id)}/${request.status}`;
      const response = await client.call(request.method, path, { body: metadata === null ? null : { metadata } });
      marked.push(client.responseReader.readObject(response, "id"));
    } catch (error) {
      throw marked.length > 0 && error instanceof KnockError
        ? addCompletedHint(error, ids.slice(0, marked.length))
        : error;
    }
  }
  return marked;
}

async function checkExisting(client: ApiClient, ids: readonly string[]): Promise<void> {
  const unknown: number[] = [];
  for (const [index, id] of ids.entries()) {
    const message = id !== "" && (await nullIfMissing(client.call("GET", `/v1/messages/${encodePathSegment(id)}`)));
    if (!message) unknown.push(index);
  }
  if (unknown.length === 0) return;
  const names = unknown.map((index) => ids[index]).join(", ");
  throw new KnockError("resource_missing", `Unknown messages: ${names}. Nothing was changed.`, {
    details: unknown.map((index) => ({
      pointer: `/${index}`,
      message: "no message has this ID",
      value: ids[index],
    })),
  });
}

function addCompletedHint(error: KnockError, done: readonly string[]): KnockError {
  const before = `Changed before: ${done.join(", ")}.`;
  return error.copyWith({ hint: error.hint ? `${before} ${error.hint}` : before });
}
