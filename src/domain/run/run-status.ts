export const RUN_STATUSES = ["queued", "processing", "paused", "completed", "cancelled"] as const;
/** The status of a recipient run (E-006, E-007). */
export type RunStatus = (typeof RUN_STATUSES)[number];
