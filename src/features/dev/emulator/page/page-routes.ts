import { hasTrait } from "../../../../domain/message/channel-types.js";
import { inlineImages } from "../../../../domain/message/inline-images.js";
import { DELIVERY_STATUSES } from "../../../../domain/message/message.js";
import { type RecipientReference, toRecipientKey } from "../../../../domain/recipient/recipient.js";
import { checkRequest } from "../../../../domain/request/check-request.js";
import { markBodySchema } from "../../../../domain/request/helper-bodies.js";
import { RUN_STATUSES } from "../../../../domain/run/run-status.js";
import { isChannelStep } from "../../../../domain/step-types/channel-step.js";
import { parseTrigger } from "../../../../domain/trigger/parse-trigger.js";
import { buildWorkflowOutline } from "../../../../domain/workflow/workflow-outline.js";
import { getErrorMessage } from "../../../../errors/knock-error.js";
import type { LocalOperations } from "../../../../ports/operations.js";
import type { Paged, PageRequest } from "../../../../ports/page-request.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";
import { readClockView } from "../change-stream.js";
import { createNotFoundError } from "../http/api-error.js";
import type { SupportContext, SupportRoute } from "../routes/support-route.js";
import { ACTIVITY_ROUTES } from "./activity-routes.js";
import { explainRun } from "./explain-run.js";
import { MAX_ROWS, parseLimit, toListResult } from "./list-results.js";
import { MOMENT_ROUTES } from "./moment-routes.js";
import { summarizeMessage } from "./summarize-message.js";

/** The number of recipients that one search reads at most. */
const MAX_SEARCHED_RECIPIENTS = 10_000;
/** The number of displayed subscriptions of a recipient, and of displayed subscribers of an object. */
const MAX_SUBSCRIPTIONS = 100;

function requireFound(resource: JsonObject | null): JsonObject {
  if (resource === null) throw createNotFoundError();
  return resource;
}

async function listMessages({ operations, query }: SupportContext): Promise<JsonObject> {
  const filter = {
    workflow: query.text("workflow"),
    channel: query.text("channel"),
    status: query.choice("status", DELIVERY_STATUSES),
    recipient: query.recipient("recipient"),
    text: query.text("q"),
  };
  const { items, page_info } = await operations.listMessages(filter, { limit: parseLimit(query) });
  const full = await operations.readMessages(items.map(({ id }) => String(id)));
  return toListResult(full.map(summarizeMessage), page_info.after !== null);
}

async function readMessage({ operations, param }: SupportContext): Promise<JsonObject> {
  const id = param("id");
  const [history] = await operations.readMessageHistories([id]);
  return requireFound(history === undefined ? null : { ...history.message, events: history.events });
}

/** Returns the HTML of an email, which is served as a sandboxed document. Throws 404 if the message has no HTML. */
export async function readEmailHtml(operations: LocalOperations, id: string): Promise<string> {
  const { content } = requireFound(await operations.readMessage(id));
  const html = isJsonObject(content) && isJsonObject(content.data) ? inlineImages(content.data) : null;
  if (html === null) throw createNotFoundError("This message has no HTML");
  return html;
}

async function markMessage({ operations, param, body }: SupportContext): Promise<JsonObject> {
  const { status } = checkRequest(markBodySchema(), await body());
  const [marked] = await operations.markMessages([param("id")], status);
  return requireFound(marked ?? null);
}

async function listRuns({ operations, query }: SupportContext): Promise<JsonObject> {
  const filter = {
    workflow: query.text("workflow"),
    workflow_run_id: query.text("workflow_run_id"),
    status: query.choice("status", RUN_STATUSES),
    has_errors: query.flag("has_errors"),
    recipient: query.recipient("recipient"),
    text: query.text("q"),
  };
  const { items, page_info } = await operations.listRecipientRuns(filter, { limit: parseLimit(query) });
  return toListResult(items, page_info.after !== null);
}

async function readRun({ operations, param }: SupportContext): Promise<JsonObject> {
  const id = param("id");
  const [run, workflow] = await Promise.all([operations.readRecipientRun(id), operations.readRunWorkflow(id)]);
  if (run === null || workflow === null) throw createNotFoundError();
  return explainRun(run, workflow);
}

const matchesText = (recipient: JsonObject, text: string): boolean =>
  [recipient.id, recipient.name, recipient.email, recipient.phone_number].some((field) =>
    String(field ?? "")
      .toLowerCase()
      .includes(text),
  );

/**
 * Parses a recipient of a URL: `projects/p1` is an object, and a text without a slash is a user's ID, which cannot
 * contain a slash.
 */
function parseReference(text: string): RecipientReference {
  const slash = text.indexOf("/");
  return slash < 0 ? text : { collection: text.slice(0, slash), id: text.slice(slash + 1) };
}

const toObjectRow = ({ id, collection, properties }: JsonObject): JsonObject => ({
  ...(isJsonObject(properties) ? properties : {}),
  id: `${String(collection)}/${String(id)}`,
});

/** Lists users, or with `kind=objects` the objects of all collections, including tenants. */
async function listRecipients({ operations, query }: SupportContext): Promise<JsonObject> {
  const { users, objects } = operations.resources;
  const isObjects = query.choice("kind", ["users", "objects"]) === "objects";
  const list = async (page: PageRequest): Promise<Paged<JsonObject>> => {
    if (!isObjects) return users.list({}, page);
    const { items, page_info } = await objects.list(null, page);
    return { items: items.map(toObjectRow), page_info };
  };
  const limit = parseLimit(query);
  const text = query.text("q")?.toLowerCase();
  const found: JsonObject[] = [];
  let seen = 0;
  let after: string | undefined;
  do {
    const page: Paged<JsonObject> = await list({ limit: MAX_ROWS, after });
    found.push(...(text === undefined ? page.items : page.items.filter((user) => matchesText(user, text))));
    seen += page.items.length;
    after = page.page_info.after ?? undefined;
  } while (found.length <= limit && after !== undefined && seen < MAX_SEARCHED_RECIPIENTS);
  return toListResult(found.slice(0, limit), found.length > limit || after !== undefined);
}

/** Returns a user or object with everything that decides which notifications it receives. */
async function readRecipient({ operations, param, environment }: SupportContext): Promise<JsonObject> {
  const reference = parseReference(param("id"));
  const { users, objects, preferences, subscriptions } = operations.resources;
  const isUser = typeof reference === "string";
  const user = requireFound(await (isUser ? users.read(reference) : objects.read(reference.collection, reference.id)));
  const { channels } = await environment();
  const feeds = Object.values(channels).flatMap((channel) =>
    channel && hasTrait(channel.type, "isFeed") ? [channel.key] : [],
  );
  const page = { limit: MAX_SUBSCRIPTIONS };
  const subscribed = await subscriptions.list({ recipient: reference }, page);
  const subscribers = isUser ? null : await subscriptions.list({ object: reference }, page);
  return {
    user,
    preferences: await preferences.list(reference),
    feeds,
    subscriptions: subscribed.items.map(({ object, properties }) => ({
      of: toReference(object),
      properties: properties ?? null,
    })),
    subscribers:
      subscribers?.items.map(({ recipient, properties }) => ({
        of: toReference(recipient),
        properties: properties ?? null,
      })) ?? null,
  };
}

/** Returns the reference of a recipient in the API's format. */
function toReference(shape: Json | undefined): Json {
  if (!isJsonObject(shape)) return shape ?? null;
  return shape.__typename === "User"
    ? (shape.id ?? null)
    : { collection: shape.collection ?? "$tenants", id: shape.id ?? null };
}

async function readFeed({ operations, param, query }: SupportContext): Promise<JsonObject> {
  const filter = {
    recipient: toRecipientKey(parseReference(param("id"))),
    channel: param("channel"),
    archived: "include" as const,
  };
  const { items, page_info, meta } = await operations.resources.feeds.list(filter, { limit: parseLimit(query) });
  return { ...toListResult(items, page_info.after !== null), meta };
}

/** Lists the workflows that can be triggered. An invalid workflow is listed with its error. */
async function listWorkflows({ definitions }: SupportContext): Promise<JsonObject> {
  const items: JsonObject[] = [];
  for (const key of (await definitions.workflowKeys()).sort()) {
    try {
      const workflow = await definitions.workflow(key);
      if (workflow === null) continue;
      const { name, categories, active, steps, trigger_data_json_schema: schema } = workflow;
      const kinds = steps.map((step) => (isChannelStep(step) ? (step.channel_type ?? step.type) : step.type));
      const outline = buildWorkflowOutline(workflow) as unknown as JsonObject;
      items.push({ key, name, categories, active, steps: kinds, schema, outline, error: null });
    } catch (error) {
      items.push({
        key,
        name: key,
        categories: [],
        active: false,
        steps: [],
        schema: null,
        outline: null,
        error: getErrorMessage(error),
      });
    }
  }
  return toListResult(items, false);
}

/** Triggers a workflow. With `branch` the run uses the files of that branch. */
async function triggerWorkflow({ operations, param, query, body }: SupportContext): Promise<JsonObject> {
  const { trigger: request, idempotency_key } = parseTrigger(await body(), param("key"));
  const branch = query.text("branch");
  const options = { idempotency_key, ...(branch === undefined ? {} : { branch }) };
  const outcome = await operations.triggerWorkflow(request, options);
  return outcome as unknown as JsonObject;
}

/** Returns the choices for filters and the trigger form. */
async function readProject({ operations, environment, definitions }: SupportContext): Promise<JsonObject> {
  const { name, channels } = await environment();
  const declared = Object.entries(channels).map(([key, channel]): Json => ({ key, type: channel?.type ?? null }));
  const tenants = await operations.resources.tenants.list({}, { limit: MAX_ROWS });
  return {
    environment: name,
    channels: declared,
    tenants: tenants.items.map(({ id }) => id ?? null),
    workflows: (await definitions.workflowKeys()).sort(),
    clock: await readClockView(operations),
  };
}

/**
 * The routes of the page, in addition to the routes of the clock. Like the other routes under `/__knock/` they need no
 * key and are not part of the API.
 */
export const PAGE_ROUTES: SupportRoute[] = [
  { endpoint: "GET /__knock/page/project", handle: readProject },
  { endpoint: "GET /__knock/page/messages", handle: listMessages },
  { endpoint: "GET /__knock/page/messages/{id}", handle: readMessage },
  { endpoint: "POST /__knock/page/messages/{id}/mark", handle: markMessage },
  { endpoint: "GET /__knock/page/runs", handle: listRuns },
  { endpoint: "GET /__knock/page/runs/{id}", handle: readRun },
  { endpoint: "GET /__knock/page/users", handle: listRecipients },
  { endpoint: "GET /__knock/page/users/{id}", handle: readRecipient },
  {
    endpoint: "PUT /__knock/page/users/{id}/preferences/{set}",
    handle: async ({ operations, param, body }) =>
      operations.resources.preferences.set(
        parseReference(param("id")),
        param("set"),
        await body(),
        "the page of knock dev",
      ),
  },
  {
    endpoint: "DELETE /__knock/page/users/{id}/preferences/{set}",
    async handle({ operations, param }) {
      const recipient = parseReference(param("id"));
      await operations.resources.preferences.delete(recipient, param("set"));
      return operations.resources.preferences.read(recipient, param("set"));
    },
  },
  { endpoint: "GET /__knock/page/users/{id}/feeds/{channel}", handle: readFeed },
  { endpoint: "GET /__knock/page/workflows", handle: listWorkflows },
  { endpoint: "POST /__knock/page/workflows/{key}/trigger", handle: triggerWorkflow },
  ...ACTIVITY_ROUTES,
  ...MOMENT_ROUTES,
];
