import type { RecipientReference } from "../../domain/recipient/recipient.js";
import type { SubscriptionScope } from "../../ports/resources.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { type Answer, type Call, ok, pageAnswer, pick, type Route } from "../access/route.js";
import { preferencesById } from "./include-preferences.js";

function objectOf(call: Call): { collection: string; id: string } {
  return { collection: call.param("collection"), id: call.param("object_id") };
}

function referenceOfShape(shape: JsonObject[string] | undefined): RecipientReference {
  const { id, collection } = isJsonObject(shape) ? shape : {};
  return typeof collection === "string" ? { id: String(id), collection } : String(id);
}

/** With `include[]=preferences` each recipient has its sets. */
async function answer(call: Call, scope: SubscriptionScope): Promise<Answer> {
  const paged = await call.operations.resources.subscriptions.list(scope, call.query.page());
  if (!call.query.listOf("include", ["preferences"])) return pageAnswer(paged);
  const items: JsonObject[] = [];
  for (const entry of paged.items) {
    const preferences = await preferencesById(call, referenceOfShape(entry.recipient));
    items.push({ ...entry, recipient: { ...(entry.recipient as JsonObject), preferences } });
  }
  return pageAnswer({ ...paged, items });
}

export const subscriptionRoutes: Route[] = [
  {
    rule: "A-257",
    on: "GET /v1/objects/{collection}/{object_id}/subscriptions",
    tier: 4,
    async handle(call) {
      const { query } = call;
      const mode = query.oneOf("mode", ["object", "recipient"]) ?? "object";
      if (mode === "object")
        return answer(call, { object: objectOf(call), recipients: query.references("recipients") });
      return answer(call, { recipient: objectOf(call), objects: query.references("objects") });
    },
  },
  {
    rule: "A-314",
    on: "GET /v1/users/{user_id}/subscriptions",
    tier: 4,
    handle: async (call) =>
      answer(call, { recipient: call.param("user_id"), objects: call.query.references("objects") }),
  },
  {
    rule: "A-258",
    on: "POST /v1/objects/{collection}/{object_id}/subscriptions",
    tier: 3,
    async handle(call) {
      const body = pick(await call.body(), ["recipients", "properties"]);
      return ok(await call.operations.resources.subscriptions.add(objectOf(call), body));
    },
  },
  {
    rule: "A-259",
    on: "DELETE /v1/objects/{collection}/{object_id}/subscriptions",
    tier: 3,
    async handle(call) {
      const body = pick(await call.body(), ["recipients"]);
      return ok(await call.operations.resources.subscriptions.delete(objectOf(call), body));
    },
  },
];
