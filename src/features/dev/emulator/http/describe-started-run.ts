import type { WorkFields } from "../../../../domain/run/work-fields.js";
import { isJsonObject } from "../../../../util/json.js";
import type { RequestContext } from "./request-context.js";

/** Returns the run that a request started, for logs. It is empty if the request started none. */
export async function describeStartedRun(context: RequestContext): Promise<WorkFields> {
  const { workflowRunId } = context;
  if (workflowRunId === null) return {};
  const { tenant } = await context.readBody();
  const id = isJsonObject(tenant) ? tenant.id : tenant;
  return {
    workflow_run_id: workflowRunId,
    workflow: context.param("key"),
    tenant: typeof id === "string" ? id : null,
  };
}
