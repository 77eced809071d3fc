import { NO_CONTENT, type Route, toPageResult } from "../access/route.js";

export const audienceRoutes: Route[] = [
  {
    rule: "A-201",
    endpoint: "GET /v1/audiences/{key}/members",
    tier: 4,
    handle: async ({ operations, param, query }) =>
      toPageResult(await operations.resources.audiences.list(param("key"), query.page())),
  },
  {
    rule: "A-202",
    endpoint: "POST /v1/audiences/{key}/members",
    tier: 3,
    async handle({ operations, param, query, body }) {
      const create_audience = query.flag("create_audience") ?? false;
      await operations.resources.audiences.add(param("key"), await body(), { create_audience });
      return NO_CONTENT;
    },
  },
  {
    rule: "A-203",
    endpoint: "DELETE /v1/audiences/{key}/members",
    tier: 3,
    async handle({ operations, param, body }) {
      await operations.resources.audiences.remove(param("key"), await body());
      return NO_CONTENT;
    },
  },
];
