import type { JsonObject } from "../util/json.js";

/** Recipient runs of one workflow, or of all. Times are milliseconds; both bounds are included. */
export interface RunHistoryRange {
  workflow?: string | undefined;
  starting_at: number;
  ending_at: number;
}

/** Reads what happened in an account: recipient runs and their messages, as JSON in the API's format. */
export interface RunHistory {
  /** Lists up to `limit` recipient runs, newest first. `hasMore` is true if the range contains others. */
  listRuns(range: RunHistoryRange, limit: number): Promise<{ runs: JsonObject[]; hasMore: boolean }>;
  /** Returns a recipient run with its events, or null. */
  readRun(id: string): Promise<JsonObject | null>;
  /** Returns all messages of a workflow run, oldest first. */
  listMessages(workflowRunId: string): Promise<JsonObject[]>;
  /** Returns the `data` of a message's content document, or null if it is no longer available. */
  readContent(messageId: string): Promise<JsonObject | null>;
  /** Returns the triggers that a message is about, oldest first. */
  readActivities(messageId: string): Promise<JsonObject[]>;
}
