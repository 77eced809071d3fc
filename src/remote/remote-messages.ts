import type { EngagementAction } from "../domain/message/message.js";
import { splitKey, USERS } from "../domain/recipient/recipient.js";
import { pathSegment } from "../domain/trigger/trigger-request.js";
import { KnockError } from "../errors/knock-error.js";
import type { MessageFilter } from "../ports/filters.js";
import type { Page, Paged } from "../ports/page.js";
import { isUuid } from "../util/ids.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";
import { LARGEST_PAGE, listPage, type Query } from "./list-page.js";
import { orNull } from "./run-detail.js";

/** The API's message plus `content`, or null. */
export async function readRemoteMessage(client: ApiClient, id: string): Promise<JsonObject | null> {
  if (id === "") return null;
  const path = `/v1/messages/${pathSegment(id)}`;
  const answer = await orNull(client.call("GET", path));
  if (answer === null) return null;
  const message = client.read.object(answer, "id", "status");
  const content = await orNull(client.call("GET", `${path}/content`));
  return { ...message, content: content === null ? null : client.read.object(content, "message_id") };
}

/** the newest page, or null for no message. */
export async function readRemoteDeliveryLogs(client: ApiClient, id: string): Promise<JsonObject[] | null> {
  if (id === "") return null;
  const page = { limit: LARGEST_PAGE };
  const listed = await orNull(listPage(client, `/v1/messages/${pathSegment(id)}/delivery_logs`, {}, page, null));
  return listed === null ? null : listed.items;
}

/** The API filters by a channel's id only; by its key the entries are picked out here. */
export function listRemoteMessages(client: ApiClient, filter: MessageFilter, page: Page): Promise<Paged<JsonObject>> {
  const { channel } = filter;
  const byId = channel !== undefined && isUuid(channel);
  const query: Query = {
    source: filter.workflow,
    workflow_run_id: filter.workflow_run_id,
    workflow_recipient_run_id: filter.recipient_run_id,
    channel_id: byId ? channel : undefined,
    "status[]": filter.status,
    "engagement_status[]": filter.engagement_statuses,
    tenant: filter.tenant,
  };
  const byKey =
    channel === undefined || byId
      ? null
      : (message: JsonObject) => isJsonObject(message.channel) && message.channel.key === channel;
  return listPage(client, pathOf(filter), query, page, byKey);
}

function pathOf({ recipient }: MessageFilter): string {
  if (recipient === undefined) return "/v1/messages";
  const { collection, id } = splitKey(recipient);
  if (collection === USERS) return `/v1/users/${pathSegment(id)}/messages`;
  return `/v1/objects/${pathSegment(collection)}/${pathSegment(id)}/messages`;
}

type Mark = { method: "PUT" | "DELETE"; status: string };

/** A link's click is recorded by the link alone. */
const MARKS: Record<EngagementAction, Mark | null> = {
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
 * Marks messages one by one, after making sure that all of them exist. Throws `resource_missing` naming the unknown
 * ones, `not_supported` for `link_clicked`; a failure half-way says what was changed before it.
 */
export async function markRemoteMessages(
  client: ApiClient,
  ids: readonly string[],
  action: EngagementAction,
  metadata: JsonObject | null = null,
): Promise<JsonObject[]> {
  const mark = MARKS[action];
  if (mark === null) {
    throw new KnockError("not_supported", "The API cannot mark a message link_clicked.", {
      hint: "Open one of the message's tracked links, mark it `interacted`, or use the local target.",
    });
  }
  await checkExisting(client, ids);
  const marked: JsonObject[] = [];
  for (const id of ids) {
    try {
      const path = `/v1/messages/${pathSegment(id)}/${mark.status}`;
      const answer = await client.call(mark.method, path, { body: metadata === null ? null : { metadata } });
      marked.push(client.read.object(answer, "id"));
    } catch (error) {
      throw marked.length > 0 && error instanceof KnockError ? halfDone(error, ids.slice(0, marked.length)) : error;
    }
  }
  return marked;
}

async function checkExisting(client: ApiClient, ids: readonly string[]): Promise<void> {
  const unknown: number[] = [];
  for (const [index, id] of ids.entries()) {
    const found = id !== "" && (await orNull(client.call("GET", `/v1/messages/${pathSegment(id)}`)));
    if (!found) unknown.push(index);
  }
  if (unknown.length === 0) return;
  const names = unknown.map((index) => ids[index]).join(", ");
  throw new KnockError("resource_missing", `No such message: ${names}. Nothing was changed.`, {
    details: unknown.map((index) => ({
      pointer: `/${index}`,
      message: "there is no message of this id",
      value: ids[index],
    })),
  });
}

function halfDone(error: KnockError, done: readonly string[]): KnockError {
  const { code, message, hint, details, cause, status, request_id } = error;
  const before = `Changed before that: ${done.join(", ")}.`;
  return new KnockError(code, message, {
    hint: hint ? `${before} ${hint}` : before,
    details,
    cause,
    status,
    request_id,
  });
}
