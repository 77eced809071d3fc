import type { RecipientReference } from "../../domain/recipient/recipient.js";
import type { SubscriptionScope } from "../../ports/resource-operations.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { ok, pickFields, type Route, type RouteContext, type RouteResult, toPageResult } from "../access/route.js";
import { readPreferencesById } from "./include-preferences.js";

function getObject(call: RouteContext): { collection: string; id: string } {
  return { collection: call.param("collection"), id: call.param("object_id") };
}

function toReference(shape: JsonObject[string] | undefined): RecipientReference {
  const { id, collection } = isJsonObject(shape) ? shape : {};
  return typeof collection === "string" ? { id: String(id), collection } : String(id);
}

/** Lists subscriptions. `include[]=preferences` adds the preference sets of each recipient. */
async function listSubscriptions(call: RouteContext, scope: SubscriptionScope): Promise<RouteResult> {
  const paged = await call.operations.resources.subscriptions.list(scope, call.query.page());
  if (!call.query.choices("include", ["preferences"])) return toPageResult(paged);
  const items: JsonObject[] = [];
  for (const entry of paged.items) {
    const preferences = await readPreferencesById(call, toReference(entry.recipient));
    items.push({ ...entry, recipient: { ...(entry.recipient as JsonObject), preferences } });
  }
  return toPageResult({ ...paged, items });
}

export const subscriptionRoutes: Route[] = [
  {
    rule: "A-257",
    on: "GET /v1/objects/{collection}/{object_id}/subscriptions",
    tier: 4,
    async handle(call) {
      const { query } = call;
      const mode = query.choice("mode", ["object", "recipient"]) ?? "object";
      if (mode === "object")
        return listSubscriptions(call, { object: getObject(call), recipients: query.references("recipients") });
      return listSubscriptions(call, { recipient: getObject(call), objects: query.references("objects") });
    },
  },
  {
    rule: "A-314",
    on: "GET /v1/users/{user_id}/subscriptions",
    tier: 4,
    handle: async (call) =>
      listSubscriptions(call, { recipient: call.param("user_id"), objects: call.query.references("objects") }),
  },
  {
    rule: "A-258",
    on: "POST /v1/objects/{collection}/{object_id}/subscriptions",
    tier: 3,
    async handle(call) {
      const body = pickFields(await call.body(), ["recipients", "properties"]);
      return ok(await call.operations.resources.subscriptions.add(getObject(call), body));
    },
  },
  {
    rule: "A-259",
    on: "DELETE /v1/objects/{collection}/{object_id}/subscriptions",
    tier: 3,
    async handle(call) {
      const body = pickFields(await call.body(), ["recipients"]);
      return ok(await call.operations.resources.subscriptions.delete(getObject(call), body));
    },
  },
];
