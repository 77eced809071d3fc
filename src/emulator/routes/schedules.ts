import { keyOf, type RecipientKey } from "../../domain/recipient/recipient.js";
import { type Answer, type Call, ok, pageAnswer, pick, type Route } from "../access/route.js";

const SHARED = ["actor", "tenant", "data", "repeats", "scheduled_at", "ending_at"];

async function list(
  call: Call,
  recipients: readonly RecipientKey[] | undefined,
  workflow: string | undefined,
): Promise<Answer> {
  const filter = { workflow, recipients, tenant: call.query.text("tenant") };
  return pageAnswer(await call.operations.resources.schedules.list(filter, call.query.page()));
}

export const scheduleRoutes: Route[] = [
  {
    rule: "A-267",
    on: "GET /v1/schedules",
    tier: 4,
    handle: (call) => list(call, call.query.references("recipients"), call.query.required("workflow")),
  },
  {
    rule: "A-313",
    on: "GET /v1/users/{user_id}/schedules",
    tier: 4,
    handle: (call) => list(call, [keyOf(call.param("user_id"))], call.query.text("workflow")),
  },
  {
    rule: "A-243",
    on: "GET /v1/objects/{collection}/{id}/schedules",
    tier: 4,
    handle: (call) =>
      list(call, [keyOf({ collection: call.param("collection"), id: call.param("id") })], call.query.text("workflow")),
  },
  {
    rule: "A-268",
    on: "POST /v1/schedules",
    tier: 3,
    async handle({ operations, body }) {
      const wanted = pick(await body(), ["workflow", "recipients", ...SHARED]);
      return ok(await operations.resources.schedules.create(wanted));
    },
  },
  {
    rule: "A-269",
    on: "PUT /v1/schedules",
    tier: 3,
    async handle({ operations, body }) {
      const change = pick(await body(), ["schedule_ids", ...SHARED]);
      return ok(await operations.resources.schedules.update(change));
    },
  },
  {
    rule: "A-270",
    on: "DELETE /v1/schedules",
    tier: 3,
    handle: async ({ operations, body }) =>
      ok(await operations.resources.schedules.delete(pick(await body(), ["schedule_ids"]))),
  },
];
