import { API_RUN_STATUSES } from "../../../../domain/run/run-status.js";
import { okOrNotFound, type Route, toPageResult } from "../access/route.js";
import { toApiRun, toStoredStatuses } from "../http/to-api-run.js";

export const runRoutes: Route[] = [
  {
    rule: "A-315",
    endpoint: "GET /v1/workflow_recipient_runs",
    tier: 2,
    async handle({ operations, query }) {
      const filter = {
        workflow: query.text("workflow"),
        statuses: toStoredStatuses(query.choices("status", API_RUN_STATUSES)),
        tenant: query.text("tenant"),
        has_errors: query.flag("has_errors"),
        recipient: query.reference("recipient"),
        starting_at: query.time("starting_at"),
        ending_at: query.time("ending_at"),
      };
      const { items, page_info } = await operations.listRecipientRuns(filter, query.page());
      return toPageResult({ items: items.map(toApiRun), page_info }, "items");
    },
  },
  {
    rule: "A-316",
    endpoint: "GET /v1/workflow_recipient_runs/{id}",
    tier: 2,
    differs: "Event names are the engine's own where the service documents none (A-607).",
    async handle({ operations, param }) {
      const run = await operations.readRecipientRun(param("id"));
      return okOrNotFound(run === null ? null : { ...toApiRun(run), events: run.events ?? [] });
    },
  },
];
