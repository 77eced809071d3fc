import type { EngagementAction } from "../../domain/message/message.js";
import { encodePathSegment } from "../../domain/trigger/api-request.js";
import { KnockError } from "../../errors/knock-error.js";
import type { JsonObject } from "../../util/json.js";
import type { ApiClient } from "../api-client.js";
import { appendQuery, MAX_PAGE_SIZE } from "../list-page.js";
import { nullIfMissing } from "../read-run-detail.js";

/** The request that marks one message. A batch request is named after the action. */
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

/** The number of IDs in one request. The API documents it for the filter of a list only. */
const MAX_IDS = MAX_PAGE_SIZE;
/** The API changes a message once a second, and names the messages that it did not change. */
const LIMITED_IDS_HEADER = "x-ratelimited-message_ids";
const LIMITED_DELAY_MS = 1_000;
const MAX_LIMITED_TRIES = 5;

/**
 * Marks messages, after checking that all of them exist: one with its own request, several in batches.
 * Throws `resource_missing` with the unknown ids, and `not_supported` for `link_clicked`. If a batch fails later, the
 * error lists the messages that were changed before.
 */
export async function markRemoteMessages(
  client: ApiClient,
  ids: readonly string[],
  action: EngagementAction,
  metadata: JsonObject | null = null,
): Promise<JsonObject[]> {
  const request = MARK_REQUESTS[action];
  if (request === null) {
    throw new KnockError("not_supported", "the API cannot mark a message link_clicked", {
      hint: "Open one of the message's tracked links, mark it `interacted`, or use the local target.",
    });
  }
  const [onlyId] = ids;
  if (ids.length === 1 && onlyId !== undefined) {
    const path = `/v1/messages/${encodePathSegment(onlyId)}`;
    const known = onlyId !== "" && (await nullIfMissing(client.call("GET", path)));
    if (!known) throw createMissingError(ids, [0], "Run `knock messages list` to see messages.");
    const body = metadata === null ? null : { metadata };
    const response = await client.call(request.method, `${path}/${request.status}`, { body });
    return [client.responseReader.readObject(response, "id")];
  }
  await checkExisting(client, ids);
  const marked = new Map<string, JsonObject>();
  for (const chunk of splitList(ids, MAX_IDS)) {
    try {
      await markChunk(client, chunk, action, metadata, marked);
    } catch (error) {
      if (!(error instanceof KnockError) || marked.size === 0) throw error;
      const before = `Before this error, these messages were changed: ${[...marked.keys()].join(", ")}.`;
      throw error.copyWith({ hint: error.hint ? `${before} ${error.hint}` : before });
    }
  }
  return ids.map((id) => marked.get(id) as JsonObject);
}

/** Marks messages with one request, and with further ones for messages that were changed less than a second ago. */
async function markChunk(
  client: ApiClient,
  ids: readonly string[],
  action: EngagementAction,
  metadata: JsonObject | null,
  marked: Map<string, JsonObject>,
): Promise<void> {
  let pending = ids;
  for (let tries = 1; ; tries++) {
    const body: JsonObject = { message_ids: [...pending], ...(metadata === null ? {} : { metadata }) };
    const response = await client.call("POST", `/v1/messages/batch/${action}`, { body });
    const limited = new Set(response.headers[LIMITED_IDS_HEADER]?.split(",").map((id) => id.trim()) ?? []);
    for (const message of client.responseReader.readList(response, "id"))
      if (!limited.has(message.id)) marked.set(message.id, message);
    pending = pending.filter((id) => limited.has(id));
    if (pending.length === 0) break;
    if (tries === MAX_LIMITED_TRIES)
      throw new KnockError(
        "rate_limited",
        `these messages were changed less than a second ago, so the API did not change them: ${pending.join(", ")}`,
        {
          hint: "Run the command again in 1s.",
        },
      );
    await client.sleep(LIMITED_DELAY_MS);
  }
  const missing = ids.flatMap((id, index) => (marked.has(id) ? [] : [index]));
  // A message may be deleted after the check.
  if (missing.length > 0) throw createMissingError(ids, missing, "Run `knock messages list` to see messages.");
}

async function checkExisting(client: ApiClient, ids: readonly string[]): Promise<void> {
  const known = new Set<string>();
  const wanted = ids.filter((id) => id !== "");
  for (const chunk of splitList(wanted, MAX_IDS)) {
    const path = appendQuery("/v1/messages", { "message_ids[]": chunk, page_size: String(MAX_PAGE_SIZE) });
    const { items } = client.responseReader.readPage(await client.call("GET", path), "id");
    for (const { id } of items) known.add(id);
  }
  const unknown = ids.flatMap((id, index) => (known.has(id) ? [] : [index]));
  if (unknown.length > 0)
    throw createMissingError(ids, unknown, "Run `knock messages list` to see messages. Nothing was changed.");
}

function createMissingError(ids: readonly string[], unknown: readonly number[], hint: string): KnockError {
  const [first = 0, ...rest] = unknown;
  const more = rest.length > 0 ? ` (and ${rest.length} more)` : "";
  return new KnockError("resource_missing", `there is no message "${ids[first]}"${more}`, {
    hint,
    details: unknown.map((index) => ({
      pointer: `/${index}`,
      message: "no message has this ID",
      value: ids[index] ?? "",
    })),
  });
}

function splitList(list: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}
