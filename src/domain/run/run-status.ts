/** The statuses of a recipient run in the API (E-006, E-007). */
export const API_RUN_STATUSES = ["queued", "processing", "paused", "completed", "cancelled"] as const;
/**
 * The statuses of a recipient run. A run is failed if an error of knock prevented it from continuing: it keeps its position, and
 * `knock runs retry` continues it. The API has no such status, so it reports these runs as completed, with errors.
 */
export const RUN_STATUSES = [...API_RUN_STATUSES, "failed"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Returns whether a run does not continue by itself. Null is a run that does not exist. */
export function hasEndedStatus(status: RunStatus | null): boolean {
  return status === "completed" || status === "cancelled" || status === "failed";
}

/** Returns the label for a run's status, which is the same as in an outcome. */
export function formatRunStatus(status: unknown): string {
  if (status === "paused") return "waiting";
  return status === "cancelled" ? "canceled" : String(status);
}
