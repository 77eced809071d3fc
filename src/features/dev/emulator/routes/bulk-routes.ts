import { parsePreferenceSet } from "../../../../domain/preferences/parse-preference-set.js";
import { TENANTS, USERS } from "../../../../domain/recipient/recipient.js";
import {
  parseBulkIds,
  parseBulkPreferences,
  parseBulkRecipients,
  parseBulkSubscriptions,
} from "../../../../domain/request/bulk-bodies.js";
import { parseBulkScheduleRequest } from "../../../../domain/trigger/parse-schedule.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";
import { ok, okOrNotFound, pickFields, type Route, type RouteContext, type RouteResult } from "../access/route.js";
import type { BulkItem } from "../bulk-operations.js";

async function startOperation(context: RouteContext, name: string, items: readonly BulkItem[]): Promise<RouteResult> {
  return ok(await context.bulk.start(name, items, context.baseUrl));
}

/** Throws if the resource did not exist, which counts as an error of its row. */
function checkExisted(existed: boolean): void {
  if (!existed) throw new Error("was not there");
}

function buildBulkRoute(
  rule: string,
  path: `/${string}`,
  buildItems: (context: RouteContext) => Promise<[name: string, items: BulkItem[]]>,
): Route {
  return {
    rule,
    endpoint: `POST ${path}`,
    tier: 1,
    handle: async (context) => startOperation(context, ...(await buildItems(context))),
  };
}

export const bulkRoutes: Route[] = [
  {
    rule: "A-204",
    endpoint: "GET /v1/bulk_operations/{id}",
    tier: 4,
    differs: "Kept in memory only, until the emulator stops.",
    handle: async ({ bulk: operations, param, baseUrl }) => okOrNotFound(await operations.read(param("id"), baseUrl)),
  },
  buildBulkRoute("A-280", "/v1/users/bulk/identify", async ({ operations, body, request }) => {
    const users = parseBulkRecipients(await body(), "users", USERS);
    return [
      "users.bulk.identify",
      users.map((user) => ({ id: user.id, run: () => operations.resources.users.set(user.id, user, request) })),
    ];
  }),
  buildBulkRoute("A-279", "/v1/users/bulk/delete", async ({ operations, body }) => {
    const ids = parseBulkIds(await body(), "user_ids");
    return [
      "users.bulk.delete",
      ids.map((id) => ({ id, run: async () => checkExisted(await operations.resources.users.delete(id)) })),
    ];
  }),
  buildBulkRoute("A-281", "/v1/users/bulk/preferences", async ({ operations, body, request }) => {
    const { ids, setId, set } = parseBulkPreferences(await body());
    parsePreferenceSet(set, "preferences");
    return [
      "users.bulk.set_preferences",
      ids.map((user) => ({ id: user, run: () => operations.resources.preferences.set(user, setId, set, request) })),
    ];
  }),
  buildBulkRoute("A-236", "/v1/objects/{collection}/bulk/set", async ({ operations, param, body, request }) => {
    const collection = param("collection");
    const objects = parseBulkRecipients(await body(), "objects", collection);
    return [
      "objects.bulk.set",
      objects.map((object) => ({
        id: object.id,
        collection,
        run: () => operations.resources.objects.set(collection, object.id, object, request),
      })),
    ];
  }),
  buildBulkRoute("A-235", "/v1/objects/{collection}/bulk/delete", async ({ operations, param, body }) => {
    const collection = param("collection");
    return [
      "objects.bulk.delete",
      parseBulkIds(await body(), "object_ids").map((id) => ({
        id,
        collection,
        run: async () => checkExisted(await operations.resources.objects.delete(collection, id)),
      })),
    ];
  }),
  buildBulkRoute("A-237", "/v1/objects/{collection}/bulk/subscriptions/add", async ({ operations, param, body }) => {
    const collection = param("collection");
    return [
      "objects.bulk.add_subscriptions",
      parseBulkSubscriptions(await body()).map(({ id, ...row }) => ({
        id,
        collection,
        run: () =>
          operations.resources.subscriptions.add({ collection, id }, pickFields(row, ["recipients", "properties"])),
      })),
    ];
  }),
  buildBulkRoute("A-238", "/v1/objects/{collection}/bulk/subscriptions/delete", async ({ operations, param, body }) => {
    const collection = param("collection");
    return [
      "objects.bulk.delete_subscriptions",
      parseBulkSubscriptions(await body()).map(({ id, recipients }) => ({
        id,
        collection,
        run: () => operations.resources.subscriptions.delete({ collection, id }, { recipients }),
      })),
    ];
  }),
  buildBulkRoute("A-274", "/v1/tenants/bulk/set", async ({ operations, body, request }) => {
    return [
      "tenants.bulk.set",
      parseBulkRecipients(await body(), "tenants", TENANTS).map((tenant) => ({
        id: tenant.id,
        run: () => operations.resources.tenants.set(tenant.id, tenant, request),
      })),
    ];
  }),
  buildBulkRoute("A-273", "/v1/tenants/bulk/delete", async ({ operations, query }) => {
    const ids = parseBulkIds({ tenant_ids: query.list("tenant_ids") }, "tenant_ids");
    return [
      "tenants.bulk.delete",
      ids.map((id) => ({ id, run: async () => checkExisted(await operations.resources.tenants.delete(id)) })),
    ];
  }),
  buildBulkRoute("A-271", "/v1/schedules/bulk/create", async ({ operations, body }) => {
    const payload = pickFields(await body(), ["schedules"]);
    parseBulkScheduleRequest(payload);
    return [
      "schedules.bulk.create",
      (payload.schedules as JsonObject[]).map((schedule) => ({
        id: getRecipientId(schedule.recipient),
        run: () => operations.resources.schedules.createMany({ schedules: [schedule] }),
      })),
    ];
  }),
];

function getRecipientId(recipient: Json | undefined): string {
  return String(isJsonObject(recipient) ? recipient.id : recipient);
}
