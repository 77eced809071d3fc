import { type RecipientKey, toRecipientReference } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { PageRequest } from "../../ports/page-request.js";
import type { ScheduleOperations } from "../../ports/resource-operations.js";
import type { ScheduleFilter } from "../../ports/schedule-store.js";
import type { JsonObject } from "../../util/json.js";
import type { ApiClient } from "../api-client.js";
import { iteratePages, listPage, type Query } from "../list-page.js";
import { createSchedules } from "./create-schedules.js";
import { buildPath, buildRecipientPath, withMissingError } from "./resource-requests.js";
import { buildReferencesQuery } from "./subscriptions.js";

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
