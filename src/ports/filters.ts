import type { DeliveryStatus, EngagementAction } from "../domain/message/message.js";
import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { RunStatus } from "../domain/run/run-status.js";
import type { JsonObject } from "../util/json.js";

/** What a list of recipient runs is narrowed to; what is undefined narrows nothing. */
export interface RunFilter {
  workflow?: string | undefined;
  workflow_run_id?: string | undefined;
  recipient?: RecipientKey | undefined;
  status?: RunStatus | undefined;
  tenant?: string | undefined;
  /** Part of the workflow's key, the recipient's id, or the whole of an id; letters of ASCII in either case. */
  text?: string | undefined;
}

/** Likewise for messages. */
export interface MessageFilter {
  workflow?: string | undefined;
  workflow_run_id?: string | undefined;
  recipient_run_id?: string | undefined;
  recipient?: RecipientKey | undefined;
  /** A channel's key or id. */
  channel?: string | undefined;
  status?: DeliveryStatus | undefined;
  /** Any of these; the negative ones are what a message has not. */
  engagement_statuses?: readonly EngagementAction[] | undefined;
  tenant?: string | undefined;
  /** Likewise, or part of the rendered content. */
  text?: string | undefined;
}

/** All that the API's list of recipient runs can be narrowed to. Times are milliseconds, both included. */
export interface RunQuery extends RunFilter {
  /** Any of these. */
  statuses?: readonly RunStatus[] | undefined;
  starting_at?: number | undefined;
  ending_at?: number | undefined;
  has_errors?: boolean | undefined;
}

/** Milliseconds; the bounds themselves count only in the `e` forms. */
export type TimeBounds = Partial<Record<"gt" | "gte" | "lt" | "lte", number>>;

/** All that the API's lists of messages can be narrowed to; of a list any will do. */
export interface MessageQuery extends MessageFilter {
  ids?: readonly string[] | undefined;
  statuses?: readonly DeliveryStatus[] | undefined;
  workflow_categories?: readonly string[] | undefined;
  /** Pairs that a message's data has at its top; none is nested. */
  trigger_data?: JsonObject | undefined;
  inserted_at?: TimeBounds | undefined;
}

/** What an id is of, where ids are looked for by how they begin. */
export type IdKind = "workflow_run" | "recipient_run" | "message";
