import { parseTimestamp } from "../../domain/condition/timestamp.js";
import type { EngagementAction } from "../../domain/message/message.js";
import { messageFilterBodySchema } from "../../domain/request/api-bodies.js";
import { checkRequest } from "../../domain/request/check-request.js";
import type { MessageQuery } from "../../ports/filters.js";
import type { Json, JsonObject } from "../../util/json.js";
import { ownsMessagesOf } from "../access/authenticate.js";
import { type Call, ok, type Route } from "../access/route.js";
import { invalidField } from "../http/api-error.js";

/** The actions of the path; the browser client says `archive`, too. */
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

const PAGE = 500;

function actionOf(text: string): EngagementAction | "delete" {
  if (text === "delete") return text;
  const action = Object.hasOwn(ACTIONS, text) ? ACTIONS[text] : undefined;
  if (action === undefined) throw invalidField("action", `must be one of ${Object.keys(ACTIONS).join(", ")}, delete`);
  return action;
}

/** what the store narrows by, and the rest, which is looked at message by message. */
function filterOf(channel: string, body: JsonObject): { filter: MessageQuery; keep: (message: JsonObject) => boolean } {
  const {
    engagement_status: engagement,
    archived,
    tenants,
    workflows,
    has_tenant,
    trigger_data: pairs,
    ...wanted
  } = checkRequest(messageFilterBodySchema(), body);
  const newer = parseTimestamp(wanted.newer_than);
  const older = parseTimestamp(wanted.older_than);
  const recipients = wanted.recipient_ids ?? wanted.user_ids;
  return {
    filter: {
      channel,
      status: wanted.delivery_status ?? undefined,
      engagement_statuses: engagement ? [engagement] : undefined,
      trigger_data: (typeof pairs === "string" ? JSON.parse(pairs) : pairs) ?? undefined,
      inserted_at: { ...(newer === undefined ? {} : { gt: newer }), ...(older === undefined ? {} : { lt: older }) },
    },
    keep: (message) =>
      (recipients?.includes(idOf(message.recipient)) ?? true) &&
      (tenants?.includes(String(message.tenant)) ?? true) &&
      (workflows?.includes(String(message.workflow)) ?? true) &&
      (typeof has_tenant !== "boolean" || (message.tenant !== null) === has_tenant) &&
      ((archived ?? "include") === "include" || (message.archived_at !== null) === (archived === "only")),
  };
}

function idOf(recipient: Json | undefined): string {
  return String(
    typeof recipient === "object" && recipient !== null && !Array.isArray(recipient) ? recipient.id : recipient,
  );
}

async function matching({ operations, caller }: Call, channel: string, body: JsonObject): Promise<string[]> {
  const { filter, keep } = filterOf(channel, body);
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const { items, page_info } = await operations.listMessages(filter, { limit: PAGE, after });
    for (const message of items)
      if (keep(message) && ownsMessagesOf(caller, message.recipient)) ids.push(String(message.id));
    after = page_info.after ?? undefined;
  } while (after !== undefined);
  return ids;
}

export const channelMessageRoutes: Route[] = [
  {
    rule: "A-205",
    on: "POST /v1/channels/{channel_id}/messages/bulk/{action}",
    tier: 2,
    open: { whose: "message" },
    differs: "What matches is chosen at the call, not as the operation goes on.",
    async handle(call) {
      const action = actionOf(call.param("action"));
      const ids = await matching(call, call.param("channel_id"), await call.body());
      const { operations } = call;
      const run = (id: string): Promise<unknown> =>
        action === "delete" ? operations.deleteMessages([id]) : operations.markMessages([id], action);
      const items = ids.map((id) => ({ id, run: () => run(id) }));
      return ok(await call.bulk.start(`messages.bulk.${action}`, items, call.baseUrl));
    },
  },
];
