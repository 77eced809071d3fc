import { notifyBodySchema, notifyCancelBodySchema } from "../../../../domain/request/api-bodies.js";
import { checkRequest } from "../../../../domain/request/check-request.js";
import { parseCancellation, parseTrigger } from "../../../../domain/trigger/parse-trigger.js";
import type { TriggerOptions } from "../../../../ports/operations.js";
import { isJsonObject, type JsonObject } from "../../../../util/json.js";
import { NO_CONTENT, ok, pickFields, type Route, type RouteContext } from "../access/route.js";

const TRIGGER_FIELDS = ["recipients", "actor", "tenant", "data", "cancellation_key", "settings"];
const SETTING_FIELDS = ["sandbox_mode", "skip_delay"];

/**
 * Triggers a workflow. Fields that the API does not know are ignored, also when a replay is
 * compared.
 */
export async function triggerWorkflow(context: RouteContext, workflow: string, body: JsonObject, source?: "rehearsal") {
  const payload = pickFields(body, TRIGGER_FIELDS);
  if (isJsonObject(payload.settings)) payload.settings = pickFields(payload.settings, SETTING_FIELDS);
  const key = context.header("idempotency-key");
  if (key) payload.idempotency_key = key;
  const parsed = parseTrigger(payload, workflow);
  const options: TriggerOptions = {
    idempotency_key: parsed.idempotency_key,
    onWarning: (text) => context.warn(`workflow "${workflow}": ${text}`),
    strict: context.strict,
  };
  if (source !== undefined) options.source = source;
  if (context.branch !== undefined) options.branch = context.branch;
  return context.operations.triggerWorkflow(parsed.trigger, options);
}

async function cancelRuns(context: RouteContext, workflow: string, body: JsonObject) {
  const cancellation = parseCancellation(pickFields(body, ["cancellation_key", "recipients"]), workflow);
  const { branch } = context;
  await context.operations.cancelWorkflow(branch === undefined ? cancellation : { ...cancellation, branch });
  return NO_CONTENT;
}

export const workflowRoutes: Route[] = [
  {
    rule: "A-318",
    endpoint: "POST /v1/workflows/{key}/trigger",
    tier: 5,
    differs: "Until the first commit of the account, workflows are the current files of the project.",
    async handle(context) {
      const { workflow_run_id, replayed } = await triggerWorkflow(context, context.param("key"), await context.body());
      // The request ID of the first response is the ID of the workflow run, so that a replay can return it even after a
      // restart.
      const headers: Record<string, string> = replayed
        ? { "idempotent-replayed": "true", "original-x-request-id": workflow_run_id }
        : { "x-request-id": workflow_run_id };
      return ok({ workflow_run_id }, headers);
    },
  },
  {
    rule: "A-317",
    endpoint: "POST /v1/workflows/{key}/cancel",
    tier: 5,
    handle: async (context) => cancelRuns(context, context.param("key"), await context.body()),
  },
  {
    rule: "A-232",
    endpoint: "POST /v1/notify",
    tier: 3,
    async handle(context) {
      const body = await context.body();
      const { name } = checkRequest(notifyBodySchema(), body);
      const { workflow_run_id } = await triggerWorkflow(context, name, body);
      return ok({ result_id: workflow_run_id });
    },
  },
  {
    rule: "A-233",
    endpoint: "POST /v1/notify/cancel",
    tier: 3,
    async handle(context) {
      const body = await context.body();
      return cancelRuns(context, checkRequest(notifyCancelBodySchema(), body).name, body);
    },
  },
];
