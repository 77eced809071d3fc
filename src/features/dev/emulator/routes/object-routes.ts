import { noContentOrNotFound, ok, okOrNotFound, type Route, toPageResult } from "../access/route.js";
import { includePreferences } from "./include-preferences.js";

export const objectRoutes: Route[] = [
  {
    rule: "A-234",
    endpoint: "GET /v1/objects/{collection}",
    tier: 4,
    async handle(context) {
      const collection = context.param("collection");
      const paged = await context.operations.resources.objects.list(collection, context.query.page());
      return toPageResult(await includePreferences(context, paged, ({ id }) => ({ collection, id: String(id) })));
    },
  },
  {
    rule: "A-239",
    endpoint: "GET /v1/objects/{collection}/{id}",
    tier: 4,
    handle: async ({ operations, param }) =>
      okOrNotFound(await operations.resources.objects.read(param("collection"), param("id"))),
  },
  {
    rule: "A-240",
    endpoint: "PUT /v1/objects/{collection}/{id}",
    tier: 3,
    handle: async ({ operations, param, body, request }) =>
      ok(await operations.resources.objects.set(param("collection"), param("id"), await body(), request)),
  },
  {
    rule: "A-241",
    endpoint: "DELETE /v1/objects/{collection}/{id}",
    tier: 3,
    handle: async ({ operations, param }) =>
      noContentOrNotFound(await operations.resources.objects.delete(param("collection"), param("id"))),
  },
];
