import { type RecipientKey, toRecipientKey } from "../../domain/recipient/recipient.js";
import { ok, pickFields, type Route, type RouteContext, type RouteResult, toPageResult } from "../access/route.js";

const SHARED_FIELDS = ["actor", "tenant", "data", "repeats", "scheduled_at", "ending_at"];

async function listSchedules(
  call: RouteContext,
  recipients: readonly RecipientKey[] | undefined,
  workflow: string | undefined,
): Promise<RouteResult> {
  const filter = { workflow, recipients, tenant: call.query.text("tenant") };
  return toPageResult(await call.operations.resources.schedules.list(filter, call.query.page()));
}

export const scheduleRoutes: Route[] = [
  {
    rule: "A-267",
    on: "GET /v1/schedules",
    tier: 4,
    handle: (call) => listSchedules(call, call.query.references("recipients"), call.query.required("workflow")),
  },
  {
    rule: "A-313",
    on: "GET /v1/users/{user_id}/schedules",
    tier: 4,
    handle: (call) => listSchedules(call, [toRecipientKey(call.param("user_id"))], call.query.text("workflow")),
  },
  {
    rule: "A-243",
    on: "GET /v1/objects/{collection}/{id}/schedules",
    tier: 4,
    handle: (call) =>
      listSchedules(
        call,
        [toRecipientKey({ collection: call.param("collection"), id: call.param("id") })],
        call.query.text("workflow"),
      ),
  },
  {
    rule: "A-268",
    on: "POST /v1/schedules",
    tier: 3,
    async handle({ operations, body }) {
      const schedule = pickFields(await body(), ["workflow", "recipients", ...SHARED_FIELDS]);
      return ok(await operations.resources.schedules.create(schedule));
    },
  },
  {
    rule: "A-269",
    on: "PUT /v1/schedules",
    tier: 3,
    async handle({ operations, body }) {
      const change = pickFields(await body(), ["schedule_ids", ...SHARED_FIELDS]);
      return ok(await operations.resources.schedules.update(change));
    },
  },
  {
    rule: "A-270",
    on: "DELETE /v1/schedules",
    tier: 3,
    handle: async ({ operations, body }) =>
      ok(await operations.resources.schedules.delete(pickFields(await body(), ["schedule_ids"]))),
  },
];
