import { DELIVERY_STATUSES, ENGAGEMENT_ACTIONS, type EngagementAction } from "../../../../domain/message/message.js";
import { parseInteractionMetadata } from "../../../../domain/message/parse-interaction-metadata.js";
import { PAGE_LIMITS } from "../../../../domain/page/page-bytes.js";
import { paginateList } from "../../../../domain/page/paginate-list.js";
import { type RecipientKey, toRecipientKey } from "../../../../domain/recipient/recipient.js";
import { messageIdsBodySchema } from "../../../../domain/request/api-bodies.js";
import { checkRequest } from "../../../../domain/request/check-request.js";
import type { MessageQuery } from "../../../../ports/filters.js";
import type { Json, JsonObject } from "../../../../util/json.js";
import { canAccessMessages } from "../access/authenticate.js";
import { type Method, ok, type Route, type RouteContext, type RouteResult, toPageResult } from "../access/route.js";
import { createInvalidFieldError, createNotFoundError } from "../http/api-error.js";

const MAX_IDS = 50;
const CONTENTS_PER_READ = 10;
const TOO_LARGE_CONTENTS = `selects contents of more than ${PAGE_LIMITS.bytes / 2 ** 20} MB: request fewer messages at once`;
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

async function listMessages(context: RouteContext, recipient?: RecipientKey): Promise<RouteResult> {
  return toPageResult(
    await context.operations.listMessages(parseFilter(context, recipient), context.query.page()),
    "items",
  );
}

/** Returns a message with its content. One of another user gets the same 404 as an unknown one, so that it is not disclosed. */
async function readMessage(context: RouteContext): Promise<JsonObject> {
  const message = await context.operations.readMessage(context.param("message_id"));
  if (message === null || !canAccessMessages(context.caller, message.recipient)) throw createNotFoundError();
  return message;
}

function omitContent({ content: _content, ...message }: JsonObject): JsonObject {
  return message;
}

/** Returns a page of a list that is read completely. */
async function paginate(context: RouteContext, items: JsonObject[] | null): Promise<RouteResult> {
  if (items === null) throw createNotFoundError();
  return toPageResult(paginateList(items, context.query.page()), "items");
}

/** Returns the contents of messages. Throws 422 if they are larger than a page, because the response has no cursor. */
async function readContents(operations: RouteContext["operations"], ids: readonly string[]): Promise<JsonObject[]> {
  const contents: JsonObject[] = [];
  let bytes = 0;
  for (let first = 0; first < ids.length; first += CONTENTS_PER_READ)
    for (const { content } of await operations.readMessages(ids.slice(first, first + CONTENTS_PER_READ))) {
      bytes += JSON.stringify(content).length;
      if (bytes > PAGE_LIMITS.bytes) throw createInvalidFieldError("message_ids", TOO_LARGE_CONTENTS);
      contents.push(content as JsonObject);
    }
  return contents;
}

function buildMarkRoute(rule: string, endpoint: Route["endpoint"], action: EngagementAction): Route {
  return {
    rule,
    endpoint,
    tier: 2,
    publicAccess: MESSAGE_ACCESS,
    async handle(context) {
      const { id } = await readMessage(context);
      const metadata =
        action === "interacted" ? parseInteractionMetadata(action, (await context.body()).metadata) : null;
      const [marked] = await context.operations.markMessages([String(id)], action, metadata);
      return ok(marked as JsonObject);
    },
  };
}

/**
 * The requests that set or clear an engagement status of a message. PUT sets a status and DELETE clears it; the negative names also clear it.
 */
const ENGAGEMENT_STATUSES: [rule: string, method: Method, status: string, action: EngagementAction][] = [
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
async function markMessages(context: RouteContext, action: EngagementAction): Promise<RouteResult> {
  const body = await context.body();
  const ids = [...new Set(checkRequest(messageIdsBodySchema(), body).message_ids)];
  const metadata = action === "interacted" ? parseInteractionMetadata(action, body.metadata) : null;
  const known = (await context.operations.readMessages(ids)).filter(({ recipient }) =>
    canAccessMessages(context.caller, recipient),
  );
  const knownIds = known.map(({ id }) => String(id));
  const limitedIds = new Set((await context.limits?.findLimitedIds(action, knownIds)) ?? []);
  const marked = await context.operations.markMessages(
    knownIds.filter((id) => !limitedIds.has(id)),
    action,
    metadata,
  );
  const byId = new Map(marked.map((message) => [message.id, message]));
  const rows = known.map((message) => byId.get(message.id as Json) ?? omitContent(message));
  return limitedIds.size === 0 ? ok(rows) : ok(rows, { "x-ratelimited-message_ids": [...limitedIds].join(",") });
}

export const messageRoutes: Route[] = [
  { rule: "A-208", endpoint: "GET /v1/messages", tier: 4, handle: (context) => listMessages(context) },
  {
    rule: "A-300",
    endpoint: "GET /v1/users/{user_id}/messages",
    tier: 4,
    handle: (context) => listMessages(context, toRecipientKey(context.param("user_id"))),
  },
  {
    rule: "A-242",
    endpoint: "GET /v1/objects/{collection}/{id}/messages",
    tier: 4,
    handle: (context) =>
      listMessages(context, toRecipientKey({ collection: context.param("collection"), id: context.param("id") })),
  },
  ...BATCHES.map(
    ([rule, action]): Route => ({
      rule,
      endpoint: `POST /v1/messages/batch/${action}`,
      tier: 3,
      publicAccess: MESSAGE_ACCESS,
      handle: (context) => markMessages(context, action),
    }),
  ),
  {
    rule: "A-210",
    endpoint: "GET /v1/messages/batch/content",
    tier: 4,
    async handle({ operations, query }) {
      const ids = query.list("message_ids");
      if (ids === undefined) throw createInvalidFieldError("message_ids", "is required (message_ids[]=…)");
      return ok(await readContents(operations, [...new Set(ids)]));
    },
  },
  {
    rule: "A-217",
    endpoint: "GET /v1/messages/{message_id}",
    tier: 4,
    publicAccess: MESSAGE_ACCESS,
    handle: async (context) => ok(omitContent(await readMessage(context))),
  },
  {
    rule: "A-218",
    endpoint: "GET /v1/messages/{message_id}/activities",
    tier: 4,
    differs: "For a large batch, only the oldest and newest 100 activities are returned.",
    async handle(context) {
      const expected = Object.entries(context.query.scalars() ?? {});
      const all = await context.operations.readMessageActivities(context.param("message_id"));
      const matchingActivities = all?.filter(({ data }) =>
        expected.every(([key, value]) => (data as JsonObject)[key] === value),
      );
      return paginate(context, matchingActivities ?? null);
    },
  },
  {
    rule: "A-221",
    endpoint: "GET /v1/messages/{message_id}/content",
    tier: 4,
    handle: async (context) => ok((await readMessage(context)).content as JsonObject),
  },
  {
    rule: "A-222",
    endpoint: "GET /v1/messages/{message_id}/delivery_logs",
    tier: 3,
    differs: "Requests are shortened: secrets are removed and bodies are truncated to 4,000 characters.",
    handle: async (context) =>
      paginate(context, await context.operations.readDeliveryLogs(context.param("message_id"))),
  },
  {
    rule: "A-223",
    endpoint: "GET /v1/messages/{message_id}/events",
    tier: 3,
    handle: async (context) => {
      const [history] = await context.operations.readMessageHistories([context.param("message_id")]);
      return paginate(context, history?.events ?? null);
    },
  },
  ...ENGAGEMENT_STATUSES.map(([rule, method, status, action]) =>
    buildMarkRoute(rule, `${method} /v1/messages/{message_id}/${status}`, action),
  ),
];
