import { parsePreferenceSet } from "../../domain/preferences/parse-preference-set.js";
import { TENANTS, USERS } from "../../domain/recipient/recipient.js";
import { idFault } from "../../domain/recipient/recipient-id.js";
import { checkRecipientTypes, parseRecipient } from "../../domain/request/parse-recipient.js";
import { invalidParams, parseOrThrow } from "../../domain/shape/invalid-params.js";
import { parseBulkScheduleRequest } from "../../domain/trigger/parse-schedule.js";
import { isJsonObject, type Json, type JsonObject, pointerOf } from "../../util/json.js";
import { type Answer, type Call, found, ok, pick, type Route } from "../access/route.js";
import type { BulkItem } from "../bulk-operations.js";
import { invalidField } from "../http/api-error.js";

/** */
const MAX_ROWS = 1_000;

/** A list of 1 to 1,000; more than that, or none, and nothing is enqueued. */
function rowsOf(body: JsonObject, name: string, max = MAX_ROWS): Json[] {
  return checkRows(body[name], name, max);
}

function checkRows(value: Json | undefined, name: string, max = MAX_ROWS): Json[] {
  if (!Array.isArray(value)) throw invalidField(name, value === undefined ? "is required (a list)" : "must be a list");
  if (value.length === 0) throw invalidField(name, "must have at least one entry");
  if (value.length > max) throw invalidField(name, `must have at most ${max} entries, found ${value.length}`);
  return value;
}

function idsOf(body: JsonObject, name: string): string[] {
  return checkIds(rowsOf(body, name), name);
}

function checkIds(rows: readonly Json[], name: string): string[] {
  for (const [index, id] of rows.entries()) {
    const fault = typeof id === "string" ? idFault(id) : "must be an id";
    if (fault !== null) throw invalidField(`${name}[${index}]`, fault);
  }
  return rows as string[];
}

/**
 * Recipients to set. A value of a type that the API description does not allow refuses the call, and nothing is enqueued;
 * what else is wrong with a row is an error of that row.
 */
function recipientsOf(rows: readonly Json[], name: string, collection: string): (JsonObject & { id: string })[] {
  const bodies = bodiesOf(rows, name);
  parseOrThrow(`the ${name}`, (complain) => {
    for (const [index, one] of bodies.entries())
      checkRecipientTypes(one, collection, (path, message) => complain([name, index, ...path], message));
  });
  return bodies;
}

/** Bodies with an id each. */
function bodiesOf(rows: readonly Json[], name: string): (JsonObject & { id: string })[] {
  return rows.map((row, index) => {
    if (!isJsonObject(row)) throw invalidField(`${name}[${index}]`, "must be an object");
    checkIds([row.id ?? null], name);
    return row as JsonObject & { id: string };
  });
}

async function start(call: Call, name: string, items: readonly BulkItem[]): Promise<Answer> {
  return ok(await call.bulk.start(name, items, call.baseUrl));
}

/** Who is not there, is an error of that row. */
function requireThere(existed: boolean): void {
  if (!existed) throw new Error("was not there");
}

function bulk(
  rule: string,
  path: `/${string}`,
  itemsOf: (call: Call) => Promise<[name: string, items: BulkItem[]]>,
): Route {
  return {
    rule,
    on: `POST ${path}`,
    tier: 1,
    handle: async (call) => start(call, ...(await itemsOf(call))),
  };
}

function subscriptionsOf(body: JsonObject): (JsonObject & { id: string; recipients: Json[] })[] {
  return bodiesOf(rowsOf(body, "subscriptions"), "subscriptions").map((row, index) => {
    const name = `subscriptions[${index}].recipients`;
    const recipients = checkRows(row.recipients, name, 100);
    for (const [at, recipient] of recipients.entries())
      parseRecipient(recipient, (path, message) => {
        throw invalidParams("the subscriptions", [
          { pointer: pointerOf(["subscriptions", index, "recipients", at, ...path]), message },
        ]);
      });
    return { ...row, recipients };
  });
}

export const bulkRoutes: Route[] = [
  {
    rule: "A-204",
    on: "GET /v1/bulk_operations/{id}",
    tier: 4,
    differs: "Kept in memory: forgotten when the emulator stops.",
    handle: async ({ bulk: operations, param, baseUrl }) => found(operations.read(param("id"), baseUrl)),
  },
  bulk("A-280", "/v1/users/bulk/identify", async ({ operations, body }) => {
    const users = recipientsOf(rowsOf(await body(), "users"), "users", USERS);
    return [
      "users.bulk.identify",
      users.map((user) => ({ id: user.id, run: () => operations.resources.users.set(user.id, user) })),
    ];
  }),
  bulk("A-279", "/v1/users/bulk/delete", async ({ operations, body }) => {
    const ids = idsOf(await body(), "user_ids");
    return [
      "users.bulk.delete",
      ids.map((id) => ({ id, run: async () => requireThere(await operations.resources.users.delete(id)) })),
    ];
  }),
  bulk("A-281", "/v1/users/bulk/preferences", async ({ operations, body }) => {
    const asked = await body();
    const ids = idsOf(asked, "user_ids");
    if (!isJsonObject(asked.preferences)) throw invalidField("preferences", "is required (a preference set)");
    const { __persistence_strategy__: _strategy, id = "default", ...set } = asked.preferences;
    const [setId = ""] = checkIds([id], "preferences.id");
    parsePreferenceSet(set, "preferences");
    return [
      "users.bulk.set_preferences",
      ids.map((user) => ({ id: user, run: () => operations.resources.preferences.set(user, setId, set) })),
    ];
  }),
  bulk("A-236", "/v1/objects/{collection}/bulk/set", async ({ operations, param, body }) => {
    const collection = param("collection");
    const objects = recipientsOf(rowsOf(await body(), "objects"), "objects", collection);
    return [
      "objects.bulk.set",
      objects.map((object) => ({
        id: object.id,
        collection,
        run: () => operations.resources.objects.set(collection, object.id, object),
      })),
    ];
  }),
  bulk("A-235", "/v1/objects/{collection}/bulk/delete", async ({ operations, param, body }) => {
    const collection = param("collection");
    return [
      "objects.bulk.delete",
      idsOf(await body(), "object_ids").map((id) => ({
        id,
        collection,
        run: async () => requireThere(await operations.resources.objects.delete(collection, id)),
      })),
    ];
  }),
  bulk("A-237", "/v1/objects/{collection}/bulk/subscriptions/add", async ({ operations, param, body }) => {
    const collection = param("collection");
    return [
      "objects.bulk.add_subscriptions",
      subscriptionsOf(await body()).map(({ id, ...row }) => ({
        id,
        collection,
        run: () => operations.resources.subscriptions.add({ collection, id }, pick(row, ["recipients", "properties"])),
      })),
    ];
  }),
  bulk("A-238", "/v1/objects/{collection}/bulk/subscriptions/delete", async ({ operations, param, body }) => {
    const collection = param("collection");
    return [
      "objects.bulk.delete_subscriptions",
      subscriptionsOf(await body()).map(({ id, recipients }) => ({
        id,
        collection,
        run: () => operations.resources.subscriptions.delete({ collection, id }, { recipients }),
      })),
    ];
  }),
  bulk("A-274", "/v1/tenants/bulk/set", async ({ operations, body }) => {
    const rows = rowsOf(await body(), "tenants").map((row): Json => (typeof row === "string" ? { id: row } : row));
    return [
      "tenants.bulk.set",
      recipientsOf(rows, "tenants", TENANTS).map((tenant) => ({
        id: tenant.id,
        run: () => operations.resources.tenants.set(tenant.id, tenant),
      })),
    ];
  }),
  bulk("A-273", "/v1/tenants/bulk/delete", async ({ operations, query }) => {
    const ids = checkIds(checkRows(query.list("tenant_ids"), "tenant_ids"), "tenant_ids");
    return [
      "tenants.bulk.delete",
      ids.map((id) => ({ id, run: async () => requireThere(await operations.resources.tenants.delete(id)) })),
    ];
  }),
  bulk("A-271", "/v1/schedules/bulk/create", async ({ operations, body }) => {
    const wanted = pick(await body(), ["schedules"]);
    parseBulkScheduleRequest(wanted);
    return [
      "schedules.bulk.create",
      (wanted.schedules as JsonObject[]).map((schedule) => ({
        id: idOfRecipient(schedule.recipient),
        run: () => operations.resources.schedules.createMany({ schedules: [schedule] }),
      })),
    ];
  }),
];

function idOfRecipient(recipient: Json | undefined): string {
  return String(isJsonObject(recipient) ? recipient.id : recipient);
}
