import type { LocalOperations } from "../../../../ports/operations.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../../../util/json.js";
import { createNotFoundError } from "../http/api-error.js";
import type { SupportContext, SupportRoute } from "../routes/support-route.js";
import { MAX_ROWS, parseLimit, toListResult } from "./list-results.js";

/** The number of the newest messages or runs whose requests are read at most. */
const MAX_READ = 200;

/** Lists what is due, in order of its time: waiting runs, queued messages and the next occurrences of schedules. */
async function listDue({ operations, query }: SupportContext): Promise<JsonObject> {
  const page = { limit: MAX_ROWS };
  const [runs, messages, schedules] = await Promise.all([
    operations.listRecipientRuns({ status: "paused" }, page),
    operations.listMessages({ status: "queued" }, page),
    operations.resources.schedules.list({}, page),
  ]);
  const resumeTimes = await Promise.all(runs.items.map((run) => readResumeTime(operations, run)));
  const due = [
    ...resumeTimes.map((at, index) => ({ ...toDue("run", runs.items[index] ?? {}), at })),
    ...messages.items.map((message) => ({ ...toDue("message", message), at: message.scheduled_at ?? null })),
    ...schedules.items.map((schedule) => ({ ...toDue("schedule", schedule), at: schedule.next_occurrence_at ?? null })),
  ]
    .filter(({ at }) => at !== null)
    .sort((one, other) => Date.parse(String(one.at)) - Date.parse(String(other.at)));
  const limit = parseLimit(query);
  return toListResult(due.slice(0, limit), due.length > limit);
}

const toDue = (kind: string, { id, workflow, recipient }: JsonObject): JsonObject => ({
  kind,
  id: id ?? null,
  workflow: workflow ?? null,
  recipient: recipient ?? null,
});

/** Returns when a waiting run continues. The outcome of a step that waits for an event has no time, but its event does. */
async function readResumeTime(operations: LocalOperations, { id, steps }: JsonObject): Promise<string | null> {
  const { until } = filterObjects(steps).findLast(({ outcome }) => outcome === "waiting") ?? {};
  if (typeof until === "string") return until;
  const run = await operations.readRecipientRun(String(id));
  const paused = filterObjects(run?.events).findLast(({ event }) => event === "run_paused")?.data;
  return isJsonObject(paused) && typeof paused.until === "string" ? paused.until : null;
}

async function listSchedules({ operations, query }: SupportContext): Promise<JsonObject> {
  const filter = { workflow: query.text("workflow") };
  const { items, page_info } = await operations.resources.schedules.list(filter, { limit: parseLimit(query) });
  return toListResult(items, page_info.after !== null);
}

async function readSchedule({ operations, param }: SupportContext): Promise<JsonObject> {
  const schedule = await operations.resources.schedules.read(param("id"));
  if (schedule === null) throw createNotFoundError();
  return schedule;
}

/** Returns the requests of the deliveries of a message, newest first. */
async function readDeliveries(operations: LocalOperations, message: JsonObject): Promise<JsonObject[]> {
  const logs = (await operations.readDeliveryLogs(String(message.id))) ?? [];
  return logs.map(({ id, service_name, request, response, inserted_at }) => {
    const { method, host, path, query, headers, body } = isJsonObject(request) ? request : {};
    const url = `${String(host ?? "")}${String(path ?? "")}${query ? `?${String(query)}` : ""}`;
    const { status, ...answer } = isJsonObject(response) ? response : {};
    return {
      ...toDue("delivery", message),
      id: `delivery:${String(message.id)}:${String(id)}`,
      message_id: message.id ?? null,
      at: inserted_at ?? null,
      service: service_name ?? null,
      method: method ?? null,
      url,
      status: status ?? null,
      // Without a response, the body contains the reason.
      error: status === undefined ? (answer.body ?? null) : null,
      request: { headers: headers ?? {}, body: body ?? null },
      response: status === undefined ? null : { headers: answer.headers ?? {}, body: answer.body ?? null },
    };
  });
}

/** Returns the requests of the fetch steps of a run, newest first. */
async function readFetches(operations: LocalOperations, { id }: JsonObject): Promise<JsonObject[]> {
  const run = (await operations.readRecipientRun(String(id))) ?? {};
  const requests = filterObjects(run.events).filter(
    ({ step_type, data }) => step_type === "http_fetch" && isJsonObject(data) && data.request !== undefined,
  );
  return requests.reverse().map(({ id: event, step_ref, data, inserted_at }) => {
    const { request, response, status, error } = isJsonObject(data) ? data : {};
    const { method, url, body } = isJsonObject(request) ? request : {};
    return {
      ...toDue("fetch", run),
      id: `fetch:${String(run.id)}:${String(event)}`,
      recipient_run_id: run.id ?? null,
      at: inserted_at ?? null,
      service: step_ref ?? null,
      method: method ?? null,
      url: url ?? null,
      status: status ?? null,
      error: error ?? null,
      request: { body: body ?? null },
      response: isJsonObject(response) ? response : null,
    };
  });
}

/** Lists the requests of the newest deliveries, or with `kind=fetch` of fetch steps, without their bodies. */
async function listRequests({ operations, query }: SupportContext): Promise<JsonObject> {
  const limit = parseLimit(query);
  const isFetch = query.choice("kind", ["deliveries", "fetch"]) === "fetch";
  const text = query.text("q")?.toLowerCase() ?? "";
  const page = { limit: MAX_READ };
  const { items } = isFetch ? await operations.listRecipientRuns({}, page) : await operations.listMessages({}, page);
  const found: JsonObject[] = [];
  for (const item of items) {
    if (found.length > limit) break;
    const requests = await (isFetch ? readFetches(operations, item) : readDeliveries(operations, item));
    for (const { request: _, response: __, ...row } of requests)
      if (JSON.stringify(row).toLowerCase().includes(text)) found.push(row);
  }
  found.sort((one, other) => Date.parse(String(other.at)) - Date.parse(String(one.at)));
  return toListResult(found.slice(0, limit), found.length > limit);
}

async function readRequest({ operations, param }: SupportContext): Promise<JsonObject> {
  const id = param("id");
  const [kind, owner = ""] = id.split(":");
  const message = kind === "delivery" ? await operations.readMessage(owner) : null;
  const requests =
    kind === "fetch"
      ? await readFetches(operations, { id: owner })
      : message === null
        ? []
        : await readDeliveries(operations, message);
  const request = requests.find((candidate) => candidate.id === id);
  if (request === undefined) throw createNotFoundError();
  return request;
}

/** The deliveries of webhooks, newest first. */
async function listWebhooks({ webhooks, query }: SupportContext): Promise<JsonObject> {
  const limit = parseLimit(query);
  const text = query.text("q")?.toLowerCase() ?? "";
  const rows = (webhooks?.list() ?? []).map(({ body: _, ...row }) => row).reverse();
  const found = rows.filter(({ type, url }) => `${String(type)} ${String(url)}`.toLowerCase().includes(text));
  return toListResult(found.slice(0, limit), found.length > limit);
}

async function readWebhook({ webhooks, param }: SupportContext): Promise<JsonObject> {
  const delivery = webhooks?.list().find(({ id }) => id === param("id"));
  if (delivery === undefined) throw createNotFoundError();
  return delivery;
}

/** Routes of the page for what is due, and for the requests that were sent. */
export const ACTIVITY_ROUTES: SupportRoute[] = [
  { endpoint: "GET /__knock/page/due", handle: listDue },
  { endpoint: "GET /__knock/page/schedules", handle: listSchedules },
  { endpoint: "GET /__knock/page/schedules/{id}", handle: readSchedule },
  { endpoint: "GET /__knock/page/requests", handle: listRequests },
  { endpoint: "GET /__knock/page/requests/{id}", handle: readRequest },
  { endpoint: "GET /__knock/page/webhooks", handle: listWebhooks },
  { endpoint: "GET /__knock/page/webhooks/{id}", handle: readWebhook },
];
