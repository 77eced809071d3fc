import { createInvalidParamsError } from "../../domain/findings/invalid-params-error.js";
import { type RecipientKey, toRecipientReference } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { PageRequest } from "../../ports/page-request.js";
import type { ScheduleOperations } from "../../ports/resource-operations.js";
import type { ScheduleFilter } from "../../ports/schedule-store.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { ApiClient } from "../api-client.js";
import { iteratePages, listPage, type Query } from "../list-page.js";
import { buildPath, buildRecipientPath, withMissingError } from "./resource-requests.js";
import { buildReferencesQuery } from "./subscriptions.js";

/** Maximum number of recipients in one request. */
const MAX_RECIPIENTS = 100;

/** Consecutive schedules that differ only in their recipients, so that one request creates them. */
interface ScheduleGroup {
  /** The index of the first schedule. */
  start: number;
  settings: string;
  schedule: JsonObject;
  recipients: Json[];
}

function groupSchedules(schedules: readonly JsonObject[]): ScheduleGroup[] {
  const groups: ScheduleGroup[] = [];
  for (const [index, { recipient = null, ...schedule }] of schedules.entries()) {
    const settings = JSON.stringify(schedule);
    const last = groups.at(-1);
    // The API creates one schedule for a recipient that is listed twice.
    const isRepeated = last?.recipients.some((other) => JSON.stringify(other) === JSON.stringify(recipient));
    if (last?.settings === settings && last.recipients.length < MAX_RECIPIENTS && !isRepeated)
      last.recipients.push(recipient);
    else groups.push({ start: index, settings, schedule, recipients: [recipient] });
  }
  return groups;
}

/** Returns an error of one request with the pointers of the whole body, and how many schedules exist already. */
function toBodyError(error: KnockError, { start }: ScheduleGroup, createdCount: number): KnockError {
  const details = error.details.map(({ pointer, ...detail }) => {
    const [, index, rest = ""] = /^\/recipients\/(\d+)(?!\d)(.*)$/.exec(pointer) ?? [];
    const path =
      index === undefined ? `/schedules/${start}${pointer}` : `/schedules/${start + Number(index)}/recipient${rest}`;
    return { ...detail, pointer: path };
  });
  if (createdCount === 0) return error.copyWith({ details });
  const created = `Before this error, ${createdCount} of the schedules were created.`;
  return error.copyWith({ details, hint: error.hint === undefined ? created : `${created} ${error.hint}` });
}

/**
 * Creates schedules of one recipient each, in the order given. The API's bulk request does not return the
 * schedules, so that their IDs would be unknown; equal schedules are created together instead. If one request fails, the
 * error says how many schedules were created before.
 */
async function createSchedules(
  body: JsonObject,
  create: (body: JsonObject) => Promise<JsonObject[]>,
): Promise<JsonObject[]> {
  const { schedules } = body;
  if (!Array.isArray(schedules) || schedules.length === 0 || !schedules.every(isJsonObject))
    throw createInvalidParamsError("the schedules", [
      { pointer: "/schedules", message: "must be a list of at least one schedule" },
    ]);
  const created: JsonObject[] = [];
  for (const group of groupSchedules(schedules)) {
    try {
      created.push(...(await create({ ...group.schedule, recipients: group.recipients })));
    } catch (error) {
      throw error instanceof KnockError ? toBodyError(error, group, created.length) : error;
    }
  }
  return created;
}

/** Maximum number of pages that are searched for a schedule. */
const MAX_SEARCHED_PAGES = 200;

const UNCERTAIN_HINT =
  "The API may have created the schedules. Run `knock schedules list` with --workflow or --recipient to check before you try again.";

/** Returns the list's path and query. The API lists the schedules of one recipient or of one workflow. */
function buildListRequest({ workflow, recipients, tenant }: ScheduleFilter): { path: string; query: Query } | null {
  if (recipients?.length === 1) {
    const path = `${buildRecipientPath(toRecipientReference(recipients[0] as RecipientKey))}/schedules`;
    return { path, query: { workflow, tenant } };
  }
  if (workflow === undefined) return null;
  return {
    path: buildPath("schedules"),
    query: { workflow, tenant, ...buildReferencesQuery("recipients", recipients) },
  };
}

async function listSchedules(client: ApiClient, filter: ScheduleFilter, page: PageRequest) {
  const request = buildListRequest(filter);
  if (request !== null) return listPage(client, request.path, request.query, page);
  throw new KnockError("not_supported", "the API cannot list the schedules of all workflows and recipients", {
    hint: "Add --workflow or --recipient, or add --local.",
  });
}

async function findSchedule(client: ApiClient, id: string, filter: ScheduleFilter): Promise<JsonObject | null> {
  const request = buildListRequest(filter);
  if (request === null)
    throw new KnockError("not_supported", "the API cannot look up a schedule by its ID", {
      hint: "Add --workflow or --recipient, so that the schedule can be found in a list, or add --local.",
    });
  const { path, query } = request;
  for await (const { items } of iteratePages(client, path, query, { maxPages: MAX_SEARCHED_PAGES })) {
    const match = items.find((item) => item.id === id);
    if (match !== undefined) return match;
  }
  return null;
}

function createMissingScheduleError(body: JsonObject): KnockError {
  const ids = Array.isArray(body.schedule_ids) ? body.schedule_ids.map(String) : [];
  const message = ids.length === 1 ? `there is no schedule "${ids[0]}"` : "one of the schedules does not exist";
  return new KnockError("resource_missing", message, {
    details: ids.length === 1 ? [{ pointer: "", message: "is not the ID of a schedule", value: ids[0] ?? "" }] : [],
    hint: "Run `knock schedules list` to see schedules. Nothing was changed.",
  });
}

/** Creates the operations on schedules. */
export function createRemoteSchedules(client: ApiClient): ScheduleOperations {
  const path = buildPath("schedules");
  /** The API has no idempotency key for schedules, so a repeated request would create them again. */
  const create = async (body: JsonObject): Promise<JsonObject[]> =>
    client.responseReader.readList(await client.call("POST", path, { body, uncertainHint: UNCERTAIN_HINT }), "id");
  const update = async (body: JsonObject): Promise<JsonObject[]> =>
    client.responseReader.readList(await client.call("PUT", path, { body }), "id");
  const remove = async (body: JsonObject): Promise<JsonObject[]> => {
    const response = await client.call("DELETE", path, { body, isRemoval: true });
    // The schedules were deleted by a request whose response was lost, and can no longer be read.
    return response.status === 404 ? [] : client.responseReader.readList(response, "id");
  };
  return {
    list: (filter, page) => listSchedules(client, filter, page),
    read: (id, filter = {}) => findSchedule(client, id, filter),
    create,
    createMany: (body) => createSchedules(body, create),
    update: (body) => withMissingError(update(body), () => createMissingScheduleError(body)),
    delete: (body) => withMissingError(remove(body), () => createMissingScheduleError(body)),
  };
}
