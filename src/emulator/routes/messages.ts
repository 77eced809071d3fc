import { parseInteractionMetadata } from "../../domain/message/interaction-metadata.js";
import { DELIVERY_STATUSES, ENGAGEMENT_ACTIONS, type EngagementAction } from "../../domain/message/message.js";
import { keyOf, type RecipientKey } from "../../domain/recipient/recipient.js";
import { messageIdsBodySchema } from "../../domain/request/api-bodies.js";
import { checkRequest } from "../../domain/request/check-request.js";
import { pagedList } from "../../domain/shape/paged-list.js";
import type { MessageQuery } from "../../ports/filters.js";
import type { Paged } from "../../ports/page.js";
import type { Json, JsonObject } from "../../util/json.js";
import { ownsMessagesOf } from "../access/authenticate.js";
import { type Answer, type Call, type Method, ok, pageAnswer, type Route } from "../access/route.js";
import { ApiError, invalidField, missing } from "../http/api-error.js";

const MAX_IDS = 50;
const OWN = { whose: "message" } as const;

/** **MF**, the filters of all lists of messages (section 6 of the reference). */
function filterOf({ query }: Call, recipient?: RecipientKey): MessageQuery {
  return {
    recipient,
    tenant: query.text("tenant"),
    channel: query.text("channel_id"),
    workflow: query.text("source"),
    workflow_run_id: query.text("workflow_run_id"),
    recipient_run_id: query.text("workflow_recipient_run_id"),
    ids: query.list("message_ids", MAX_IDS),
    statuses: query.listOf("status", DELIVERY_STATUSES),
    engagement_statuses: query.listOf("engagement_status", ENGAGEMENT_ACTIONS),
    workflow_categories: query.list("workflow_categories"),
    trigger_data: query.data(),
    inserted_at: query.bounds("inserted_at"),
  };
}

async function list(call: Call, recipient?: RecipientKey): Promise<Answer> {
  return pageAnswer(await call.operations.listMessages(filterOf(call, recipient), call.query.page()), "items");
}

/** The message with its content, where it is the caller's. */
async function read(call: Call): Promise<JsonObject> {
  const message = await call.operations.readMessage(call.param("message_id"));
  if (message === null) throw missing();
  if (!ownsMessagesOf(call.caller, message.recipient))
    throw new ApiError(403, "authorization", "The message is another user's");
  return message;
}

function withoutContent({ content: _content, ...message }: JsonObject): JsonObject {
  return message;
}

/** A list that is read whole, in pages. */
async function inPages(call: Call, items: JsonObject[] | null): Promise<Answer> {
  if (items === null) throw missing();
  return pageAnswer(pagedList(items, call.query.page()) as Paged<JsonObject>, "items");
}

function marking(rule: string, on: Route["on"], action: EngagementAction): Route {
  return {
    rule,
    on,
    tier: 2,
    open: OWN,
    async handle(call) {
      const { id } = await read(call);
      const metadata = action === "interacted" ? parseInteractionMetadata(action, (await call.body()).metadata) : null;
      const [marked] = await call.operations.markMessages([String(id)], action, metadata);
      return ok(marked as JsonObject);
    },
  };
}

/** PUT sets and DELETE clears; the negative spellings clear as well. */
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

/** Ids of no message, and of other users' for a user's token, are left out (ACQ-3). */
async function markMany(call: Call, action: EngagementAction): Promise<Answer> {
  const body = await call.body();
  const ids = [...new Set(checkRequest(messageIdsBodySchema(), body).message_ids)];
  const metadata = action === "interacted" ? parseInteractionMetadata(action, body.metadata) : null;
  const known = (await call.operations.readMessages(ids)).filter(({ recipient }) =>
    ownsMessagesOf(call.caller, recipient),
  );
  const knownIds = known.map(({ id }) => String(id));
  const refused = new Set(call.limits?.refused(action, knownIds, Date.now()) ?? []);
  const marked = await call.operations.markMessages(
    knownIds.filter((id) => !refused.has(id)),
    action,
    metadata,
  );
  const byId = new Map(marked.map((message) => [message.id, message]));
  const rows = known.map((message) => byId.get(message.id as Json) ?? withoutContent(message));
  return refused.size === 0 ? ok(rows) : ok(rows, { "x-ratelimited-message_ids": [...refused].join(",") });
}

export const messageRoutes: Route[] = [
  { rule: "A-208", on: "GET /v1/messages", tier: 4, handle: (call) => list(call) },
  {
    rule: "A-300",
    on: "GET /v1/users/{user_id}/messages",
    tier: 4,
    handle: (call) => list(call, keyOf(call.param("user_id"))),
  },
  {
    rule: "A-242",
    on: "GET /v1/objects/{collection}/{id}/messages",
    tier: 4,
    handle: (call) => list(call, keyOf({ collection: call.param("collection"), id: call.param("id") })),
  },
  ...BATCHES.map(
    ([rule, action]): Route => ({
      rule,
      on: `POST /v1/messages/batch/${action}`,
      tier: 3,
      open: OWN,
      handle: (call) => markMany(call, action),
    }),
  ),
  {
    rule: "A-210",
    on: "GET /v1/messages/batch/content",
    tier: 4,
    async handle({ operations, query }) {
      const ids = query.list("message_ids");
      if (ids === undefined) throw invalidField("message_ids", "is required (message_ids[]=…)");
      return ok((await operations.readMessages(ids)).map(({ content }) => content as JsonObject));
    },
  },
  {
    rule: "A-217",
    on: "GET /v1/messages/{message_id}",
    tier: 4,
    open: OWN,
    handle: async (call) => ok(withoutContent(await read(call))),
  },
  {
    rule: "A-218",
    on: "GET /v1/messages/{message_id}/activities",
    tier: 4,
    differs: "Of a large batch the oldest and newest 100 activities.",
    async handle(call) {
      const wanted = Object.entries(call.query.data() ?? {});
      const all = await call.operations.readMessageActivities(call.param("message_id"));
      const matching = all?.filter(({ data }) => wanted.every(([key, value]) => (data as JsonObject)[key] === value));
      return inPages(call, matching ?? null);
    },
  },
  {
    rule: "A-221",
    on: "GET /v1/messages/{message_id}/content",
    tier: 4,
    handle: async (call) => ok((await read(call)).content as JsonObject),
  },
  {
    rule: "A-222",
    on: "GET /v1/messages/{message_id}/delivery_logs",
    tier: 3,
    differs: "Requests in outline: secrets taken out, bodies cut at 4,000 characters.",
    handle: async (call) => inPages(call, await call.operations.readDeliveryLogs(call.param("message_id"))),
  },
  {
    rule: "A-223",
    on: "GET /v1/messages/{message_id}/events",
    tier: 3,
    handle: async (call) => inPages(call, await call.operations.readMessageEvents(call.param("message_id"))),
  },
  ...MARKS.map(([rule, method, status, action]) =>
    marking(rule, `${method} /v1/messages/{message_id}/${status}`, action),
  ),
];
