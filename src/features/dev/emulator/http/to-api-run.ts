import type { RunStatus } from "../../../../domain/run/run-status.js";
import { isJsonObject, type JsonObject } from "../../../../util/json.js";

/** The fields of the API's `WorkflowRecipientRun`. The engine also returns steps and reasons. */
const RUN_FIELDS = [
  "__typename",
  "id",
  "workflow_run_id",
  "workflow",
  "recipient",
  "actor",
  "tenant",
  "status",
  "error_count",
  "trigger_source",
  "inserted_at",
  "updated_at",
] as const;

/** Returns the API's `WorkflowRecipientRun` of a run. The API has no status `failed`: such a run is completed, with errors. */
export function toApiRun(run: JsonObject): JsonObject {
  const fields: JsonObject = {};
  for (const name of RUN_FIELDS) if (run[name] !== undefined) fields[name] = run[name];
  if (isJsonObject(run.trigger_source)) {
    const { rerun_of: _rerunOf, ...source } = run.trigger_source;
    fields.trigger_source = source;
  }
  return run.status === "failed" ? { ...fields, status: "completed" } : fields;
}

/** Returns the statuses of runs that the API reports with the given ones. */
export function toStoredStatuses(statuses: readonly RunStatus[] | undefined): readonly RunStatus[] | undefined {
  return statuses?.includes("completed") ? [...statuses, "failed"] : statuses;
}
