/** The fields of the API's `WorkflowRecipientRun`. The engine also returns steps and reasons. */
export const RUN_FIELDS = [
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
  "events",
  "inserted_at",
  "updated_at",
] as const;
