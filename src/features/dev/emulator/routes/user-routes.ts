import { mergeBodySchema } from "../../../../domain/request/api-bodies.js";
import { checkRequest } from "../../../../domain/request/check-request.js";
import { noContentOrNotFound, ok, okOrNotFound, type Route, toPageResult } from "../access/route.js";
import { includePreferences } from "./include-preferences.js";

const ownUser = (capability: string) => ({ owner: "user", capability }) as const;

export const userRoutes: Route[] = [
  {
    rule: "A-278",
    endpoint: "GET /v1/users",
    tier: 4,
    async handle(context) {
      const paged = await context.operations.resources.users.list({}, context.query.page());
      return toPageResult(await includePreferences(context, paged, (user) => String(user.id)));
    },
  },
  {
    rule: "A-282",
    endpoint: "GET /v1/users/{user_id}",
    tier: 4,
    publicAccess: ownUser("user/read"),
    handle: async ({ operations, param }) => okOrNotFound(await operations.resources.users.read(param("user_id"))),
  },
  {
    rule: "A-283",
    endpoint: "PUT /v1/users/{user_id}",
    tier: 3,
    publicAccess: ownUser("user/write"),
    handle: async ({ operations, param, body, request }) =>
      ok(await operations.resources.users.set(param("user_id"), await body(), request)),
  },
  {
    rule: "A-284",
    endpoint: "DELETE /v1/users/{user_id}",
    tier: 2,
    differs: "All data of the user is deleted immediately.",
    handle: async ({ operations, param }) =>
      noContentOrNotFound(await operations.resources.users.delete(param("user_id"))),
  },
  {
    rule: "A-299",
    endpoint: "POST /v1/users/{user_id}/merge",
    tier: 2,
    differs: "All messages of the other user are moved, regardless of their age.",
    async handle({ operations, param, body }) {
      const { from_user_id } = checkRequest(mergeBodySchema(), await body());
      return okOrNotFound(await operations.resources.users.merge(param("user_id"), from_user_id));
    },
  },
];
