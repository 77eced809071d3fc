import type { DueKind, WorkScope } from "../../ports/due-store.js";

/** Tables whose rows have a due time and can be leased. */
export const DUE_TABLES = ["recipient_runs", "messages", "workflow_runs", "schedules"] as const;
export type DueTable = (typeof DUE_TABLES)[number];

export const KINDS_BY_TABLE: Record<DueTable, DueKind> = {
  schedules: "schedules",
  workflow_runs: "fan_outs",
  recipient_runs: "runs",
  messages: "messages",
};

/** Returns whether a scope contains only listed work. */
export function hasLists({ workflowRunIds, recipientRunIds, messageIds, scheduleIds, users }: WorkScope): boolean {
  return [workflowRunIds, recipientRunIds, messageIds, scheduleIds, users].some((list) => list !== undefined);
}
