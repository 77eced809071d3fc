import { deleted, found, ok, pageAnswer, type Route } from "../access/route.js";
import { withPreferences } from "./include-preferences.js";

export const objectRoutes: Route[] = [
  {
    rule: "A-234",
    on: "GET /v1/objects/{collection}",
    tier: 4,
    async handle(call) {
      const collection = call.param("collection");
      const paged = await call.operations.resources.objects.list(collection, call.query.page());
      return pageAnswer(await withPreferences(call, paged, ({ id }) => ({ collection, id: String(id) })));
    },
  },
  {
    rule: "A-239",
    on: "GET /v1/objects/{collection}/{id}",
    tier: 4,
    handle: async ({ operations, param }) =>
      found(await operations.resources.objects.read(param("collection"), param("id"))),
  },
  {
    rule: "A-240",
    on: "PUT /v1/objects/{collection}/{id}",
    tier: 3,
    handle: async ({ operations, param, body }) =>
      ok(await operations.resources.objects.set(param("collection"), param("id"), await body())),
  },
  {
    rule: "A-241",
    on: "DELETE /v1/objects/{collection}/{id}",
    tier: 3,
    handle: async ({ operations, param }) =>
      deleted(await operations.resources.objects.delete(param("collection"), param("id"))),
  },
];
