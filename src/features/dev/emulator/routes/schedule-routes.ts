import { type RecipientKey, toRecipientKey } from "../../../../domain/recipient/recipient.js";
import { ok, pickFields, type Route, type RouteContext, type RouteResult, toPageResult } from "../access/route.js";

const SHARED_FIELDS = ["actor", "tenant", "data", "repeats", "scheduled_at", "ending_at"];

async function listSchedules(
  context: RouteContext,
  recipients: readonly RecipientKey[] | undefined,
  workflow: string | undefined,
): Promise<RouteResult> {
  const filter = { workflow, recipients, tenant: context.query.text("tenant") };
  return toPageResult(await context.operations.resources.schedules.list(filter, context.query.page()));
}

export const scheduleRoutes: Route[] = [
  {
    rule: "A-267",
    endpoint: "GET /v1/schedules",
    tier: 4,
    handle: (context) =>
      listSchedules(context, context.query.references("recipients"), context.query.required("workflow")),
  },
  {
    rule: "A-313",
    endpoint: "GET /v1/users/{user_id}/schedules",
    tier: 4,
    handle: (context) =>
      listSchedules(context, [toRecipientKey(context.param("user_id"))], context.query.text("workflow")),
  },
  {
    rule: "A-243",
    endpoint: "GET /v1/objects/{collection}/{id}/schedules",
    tier: 4,
    handle: (context) =>
      listSchedules(
        context,
        [toRecipientKey({ collection: context.param("collection"), id: context.param("id") })],
        context.query.text("workflow"),
      ),
  },
  {
    rule: "A-268",
    endpoint: "POST /v1/schedules",
    tier: 3,
    async handle({ operations, body }) {
      const schedule = pickFields(await body(), ["workflow", "recipients", ...SHARED_FIELDS]);
      return ok(await operations.resources.schedules.create(schedule));
    },
  },
  {
    rule: "A-269",
    endpoint: "PUT /v1/schedules",
    tier: 3,
    async handle({ operations, body }) {
      const change = pickFields(await body(), ["schedule_ids", ...SHARED_FIELDS]);
      return ok(await operations.resources.schedules.update(change));
    },
  },
  {
    rule: "A-270",
    endpoint: "DELETE /v1/schedules",
    tier: 3,
    handle: async ({ operations, body }) =>
      ok(await operations.resources.schedules.delete(pickFields(await body(), ["schedule_ids"]))),
  },
];
