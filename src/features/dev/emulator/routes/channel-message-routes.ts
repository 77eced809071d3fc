import { parseTimestamp } from "../../../../domain/condition/parse-timestamp.js";
import type { EngagementAction } from "../../../../domain/message/message.js";
import { toRecipientKey } from "../../../../domain/recipient/recipient.js";
import { messageFilterBodySchema } from "../../../../domain/request/api-bodies.js";
import { checkRequest } from "../../../../domain/request/check-request.js";
import type { MessageQuery } from "../../../../ports/filters.js";
import type { Json, JsonObject } from "../../../../util/json.js";
import { canAccessMessages } from "../access/authenticate.js";
import { ok, type Route, type RouteContext } from "../access/route.js";
import { requireChannel } from "../find-channel.js";
import { createInvalidFieldError } from "../http/api-error.js";

/** The actions allowed in the path. The browser client also sends `archive` and `unarchive`. */
const ACTIONS: Record<string, EngagementAction> = {
  seen: "seen",
  unseen: "unseen",
  read: "read",
  unread: "unread",
  interacted: "interacted",
  archived: "archived",
  archive: "archived",
  unarchived: "unarchived",
  unarchive: "unarchived",
};

const PAGE_SIZE = 500;

function parseAction(text: string): EngagementAction | "delete" {
  if (text === "delete") return text;
  const action = Object.hasOwn(ACTIONS, text) ? ACTIONS[text] : undefined;
  if (action === undefined)
    throw createInvalidFieldError("action", `must be one of ${Object.keys(ACTIONS).join(", ")}, delete`);
  return action;
}

/** Parses the filters of a bulk action: `filter` is applied by the store, `keep` to each message. */
function parseFilter(
  channel: string,
  body: JsonObject,
): { filter: MessageQuery; keep: (message: JsonObject) => boolean } {
  const {
    engagement_status: engagement,
    archived,
    tenants,
    workflows,
    has_tenant,
    trigger_data: pairs,
    ...filters
  } = checkRequest(messageFilterBodySchema(), body);
  const newer = parseTimestamp(filters.newer_than);
  const older = parseTimestamp(filters.older_than);
  const recipients = filters.recipient_ids ?? filters.user_ids;
  return {
    filter: {
      channel,
      status: filters.delivery_status ?? undefined,
      engagement_statuses: engagement ? [engagement] : undefined,
      trigger_data: (typeof pairs === "string" ? JSON.parse(pairs) : pairs) ?? undefined,
      inserted_at: { ...(newer === undefined ? {} : { gt: newer }), ...(older === undefined ? {} : { lt: older }) },
    },
    keep: (message) =>
      (recipients?.includes(getRecipientId(message.recipient)) ?? true) &&
      (tenants?.includes(String(message.tenant)) ?? true) &&
      (workflows?.includes(String(message.workflow)) ?? true) &&
      (typeof has_tenant !== "boolean" || (message.tenant !== null) === has_tenant) &&
      ((archived ?? "include") === "include" || (message.archived_at !== null) === (archived === "only")),
  };
}

function getRecipientId(recipient: Json | undefined): string {
  return String(
    typeof recipient === "object" && recipient !== null && !Array.isArray(recipient) ? recipient.id : recipient,
  );
}

async function listMatchingIds(
  { operations, caller }: RouteContext,
  channel: string,
  body: JsonObject,
): Promise<string[]> {
  const { filter, keep } = parseFilter(channel, body);
  // Every user may send this request, so it must not read the messages of all others.
  if (caller.kind === "public" && caller.token !== null) filter.recipient = toRecipientKey(caller.token.sub);
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const { items, page_info } = await operations.listMessages(filter, { limit: PAGE_SIZE, after });
    for (const message of items)
      if (keep(message) && canAccessMessages(caller, message.recipient)) ids.push(String(message.id));
    after = page_info.after ?? undefined;
  } while (after !== undefined);
  return ids;
}

export const channelMessageRoutes: Route[] = [
  {
    rule: "A-205",
    endpoint: "POST /v1/channels/{channel_id}/messages/bulk/{action}",
    tier: 2,
    publicAccess: { owner: "message" },
    differs: "Messages are selected when the request arrives, not while the operation runs.",
    async handle(context) {
      const action = parseAction(context.param("action"));
      const channel = context.param("channel_id");
      await requireChannel(context, channel);
      const ids = await listMatchingIds(context, channel, await context.body());
      const { operations } = context;
      const run = (id: string): Promise<unknown> =>
        action === "delete" ? operations.deleteMessages([id]) : operations.markMessages([id], action);
      const items = ids.map((id) => ({ id, run: () => run(id) }));
      return ok(await context.bulk.start(`messages.bulk.${action}`, items, context.baseUrl));
    },
  },
];
