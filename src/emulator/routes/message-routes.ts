import { DELIVERY_STATUSES, ENGAGEMENT_ACTIONS, type EngagementAction } from "../../domain/message/message.js";
import { parseInteractionMetadata } from "../../domain/message/parse-interaction-metadata.js";
import { type RecipientKey, toRecipientKey } from "../../domain/recipient/recipient.js";
import { messageIdsBodySchema } from "../../domain/request/api-bodies.js";
import { checkRequest } from "../../domain/request/check-request.js";
import { paginateList } from "../../domain/shape/paginate-list.js";
import type { MessageQuery } from "../../ports/filters.js";
import type { Paged } from "../../ports/page-request.js";
import type { Json, JsonObject } from "../../util/json.js";
import { canAccessMessages } from "../access/authenticate.js";
import { type Method, ok, type Route, type RouteContext, type RouteResult, toPageResult } from "../access/route.js";
import { ApiError, createInvalidFieldError, createNotFoundError } from "../http/api-error.js";

const MAX_IDS = 50;
const MESSAGE_ACCESS = { owner: "message" } as const;

/** Parses **MF**, the filters of all lists of messages (section 6 of the reference). */
function parseFilter({ query }: RouteContext, recipient?: RecipientKey): MessageQuery {
  return {
    recipient,
    tenant: query.text("tenant"),
    channel: query.text("channel_id"),
    workflow: query.text("source"),
    workflow_run_id: query.text("workflow_run_id"),
    recipient_run_id: query.text("workflow_recipient_run_id"),
    ids: query.list("message_ids", MAX_IDS),
    statuses: query.choices("status", DELIVERY_STATUSES),
    engagement_statuses: query.choices("engagement_status", ENGAGEMENT_ACTIONS),
    workflow_categories: query.list("workflow_categories"),
    trigger_data: query.scalars(),
    inserted_at: query.bounds("inserted_at"),
  };
}

async function listMessages(call: RouteContext, recipient?: RecipientKey): Promise<RouteResult> {
  return toPageResult(await call.operations.listMessages(parseFilter(call, recipient), call.query.page()), "items");
}

/** Returns a message with its content. Throws 403 if it belongs to another user. */
async function readMessage(call: RouteContext): Promise<JsonObject> {
  const message = await call.operations.readMessage(call.param("message_id"));
  if (message === null) throw createNotFoundError();
  if (!canAccessMessages(call.caller, message.recipient))
    throw new ApiError(403, "authorization", "The message belongs to another user");
  return message;
}

function omitContent({ content: _content, ...message }: JsonObject): JsonObject {
  return message;
}

/** Returns a page of a list that is read completely. */
async function paginate(call: RouteContext, items: JsonObject[] | null): Promise<RouteResult> {
  if (items === null) throw createNotFoundError();
  return toPageResult(paginateList(items, call.query.page()) as Paged<JsonObject>, "items");
}

function markRoute(rule: string, on: Route["on"], action: EngagementAction): Route {
  return {
    rule,
    on,
    tier: 2,
    open: MESSAGE_ACCESS,
    async handle(call) {
      const { id } = await readMessage(call);
      const metadata = action === "interacted" ? parseInteractionMetadata(action, (await call.body()).metadata) : null;
      const [marked] = await call.operations.markMessages([String(id)], action, metadata);
      return ok(marked as JsonObject);
    },
  };
}

/**
 * The marks of a message. PUT sets a status and DELETE clears it; the negative names also clear it.
 */
const MARKS: [rule: string, method: Method, status: string, action: EngagementAction][] = [
  ["A-219", "PUT", "archived", "archived"],
  ["A-220", "DELETE", "archived", "unarchived"],
  ["A-224", "PUT", "interacted", "interacted"],
  ["A-225", "PUT", "read", "read"],
  ["A-226", "DELETE", "read", "unread"],
  ["A-227", "PUT", "seen", "seen"],
  ["A-228", "DELETE", "seen", "unseen"],
  ["A-229", "DELETE", "unarchived", "unarchived"],
  ["A-230", "DELETE", "unread", "unread"],
  ["A-231", "DELETE", "unseen", "unseen"],
];

const BATCHES: [rule: string, action: EngagementAction][] = [
  ["A-209", "archived"],
  ["A-211", "interacted"],
  ["A-212", "read"],
  ["A-213", "seen"],
  ["A-214", "unarchived"],
  ["A-215", "unread"],
  ["A-216", "unseen"],
];

/** Marks messages. Unknown IDs are ignored, and with a user token also the messages of other users (ACQ-3). */
async function markMessages(call: RouteContext, action: EngagementAction): Promise<RouteResult> {
  const body = await call.body();
  const ids = [...new Set(checkRequest(messageIdsBodySchema(), body).message_ids)];
  const metadata = action === "interacted" ? parseInteractionMetadata(action, body.metadata) : null;
  const known = (await call.operations.readMessages(ids)).filter(({ recipient }) =>
    canAccessMessages(call.caller, recipient),
  );
  const knownIds = known.map(({ id }) => String(id));
  const limitedIds = new Set(call.limits?.findLimitedIds(action, knownIds, Date.now()) ?? []);
  const marked = await call.operations.markMessages(
    knownIds.filter((id) => !limitedIds.has(id)),
    action,
    metadata,
  );
  const byId = new Map(marked.map((message) => [message.id, message]));
  const rows = known.map((message) => byId.get(message.id as Json) ?? omitContent(message));
  return limitedIds.size === 0 ? ok(rows) : ok(rows, { "x-ratelimited-message_ids": [...limitedIds].join(",") });
}

export const messageRoutes: Route[] = [
  { rule: "A-208", on: "GET /v1/messages", tier: 4, handle: (call) => listMessages(call) },
  {
    rule: "A-300",
    on: "GET /v1/users/{user_id}/messages",
    tier: 4,
    handle: (call) => listMessages(call, toRecipientKey(call.param("user_id"))),
  },
  {
    rule: "A-242",
    on: "GET /v1/objects/{collection}/{id}/messages",
    tier: 4,
    handle: (call) =>
      listMessages(call, toRecipientKey({ collection: call.param("collection"), id: call.param("id") })),
  },
  ...BATCHES.map(
    ([rule, action]): Route => ({
      rule,
      on: `POST /v1/messages/batch/${action}`,
      tier: 3,
      open: MESSAGE_ACCESS,
      handle: (call) => markMessages(call, action),
    }),
  ),
  {
    rule: "A-210",
    on: "GET /v1/messages/batch/content",
    tier: 4,
    async handle({ operations, query }) {
      const ids = query.list("message_ids");
      if (ids === undefined) throw createInvalidFieldError("message_ids", "is required (message_ids[]=…)");
      return ok((await operations.readMessages(ids)).map(({ content }) => content as JsonObject));
    },
  },
  {
    rule: "A-217",
    on: "GET /v1/messages/{message_id}",
    tier: 4,
    open: MESSAGE_ACCESS,
    handle: async (call) => ok(omitContent(await readMessage(call))),
  },
  {
    rule: "A-218",
    on: "GET /v1/messages/{message_id}/activities",
    tier: 4,
    differs: "For a large batch, only the oldest and newest 100 activities are returned.",
    async handle(call) {
      const expected = Object.entries(call.query.scalars() ?? {});
      const all = await call.operations.readMessageActivities(call.param("message_id"));
      const matchingActivities = all?.filter(({ data }) =>
        expected.every(([key, value]) => (data as JsonObject)[key] === value),
      );
      return paginate(call, matchingActivities ?? null);
    },
  },
  {
    rule: "A-221",
    on: "GET /v1/messages/{message_id}/content",
    tier: 4,
    handle: async (call) => ok((await readMessage(call)).content as JsonObject),
  },
  {
    rule: "A-222",
    on: "GET /v1/messages/{message_id}/delivery_logs",
    tier: 3,
    differs: "Requests are shortened: secrets are removed and bodies are truncated to 4,000 characters.",
    handle: async (call) => paginate(call, await call.operations.readDeliveryLogs(call.param("message_id"))),
  },
  {
    rule: "A-223",
    on: "GET /v1/messages/{message_id}/events",
    tier: 3,
    handle: async (call) => paginate(call, await call.operations.readMessageEvents(call.param("message_id"))),
  },
  ...MARKS.map(([rule, method, status, action]) =>
    markRoute(rule, `${method} /v1/messages/{message_id}/${status}`, action),
  ),
];
