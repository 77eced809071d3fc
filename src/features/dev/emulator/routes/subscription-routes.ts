import type { RecipientReference } from "../../../../domain/recipient/recipient.js";
import type { SubscriptionScope } from "../../../../ports/resource-operations.js";
import { isJsonObject, type JsonObject } from "../../../../util/json.js";
import { ok, pickFields, type Route, type RouteContext, type RouteResult, toPageResult } from "../access/route.js";
import { readPreferencesById } from "./include-preferences.js";

function getObject(context: RouteContext): { collection: string; id: string } {
  return { collection: context.param("collection"), id: context.param("object_id") };
}

function toReference(shape: JsonObject[string] | undefined): RecipientReference {
  const { id, collection } = isJsonObject(shape) ? shape : {};
  return typeof collection === "string" ? { id: String(id), collection } : String(id);
}

/** Lists subscriptions. `include[]=preferences` adds the preference sets of each recipient. */
async function listSubscriptions(context: RouteContext, scope: SubscriptionScope): Promise<RouteResult> {
  const paged = await context.operations.resources.subscriptions.list(scope, context.query.page());
  if (!context.query.choices("include", ["preferences"])) return toPageResult(paged);
  const items: JsonObject[] = [];
  for (const entry of paged.items) {
    const preferences = await readPreferencesById(context, toReference(entry.recipient));
    items.push({ ...entry, recipient: { ...(entry.recipient as JsonObject), preferences } });
  }
  return toPageResult({ ...paged, items });
}

export const subscriptionRoutes: Route[] = [
  {
    rule: "A-257",
    endpoint: "GET /v1/objects/{collection}/{object_id}/subscriptions",
    tier: 4,
    async handle(context) {
      const { query } = context;
      const mode = query.choice("mode", ["object", "recipient"]) ?? "object";
      if (mode === "object")
        return listSubscriptions(context, { object: getObject(context), recipients: query.references("recipients") });
      return listSubscriptions(context, { recipient: getObject(context), objects: query.references("objects") });
    },
  },
  {
    rule: "A-314",
    endpoint: "GET /v1/users/{user_id}/subscriptions",
    tier: 4,
    handle: async (context) =>
      listSubscriptions(context, { recipient: context.param("user_id"), objects: context.query.references("objects") }),
  },
  {
    rule: "A-258",
    endpoint: "POST /v1/objects/{collection}/{object_id}/subscriptions",
    tier: 3,
    async handle(context) {
      const body = pickFields(await context.body(), ["recipients", "properties"]);
      return ok(await context.operations.resources.subscriptions.add(getObject(context), body));
    },
  },
  {
    rule: "A-259",
    endpoint: "DELETE /v1/objects/{collection}/{object_id}/subscriptions",
    tier: 3,
    async handle(context) {
      const body = pickFields(await context.body(), ["recipients"]);
      return ok(await context.operations.resources.subscriptions.delete(getObject(context), body));
    },
  },
];
