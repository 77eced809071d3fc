import type { DeliveryStatus, EngagementAction } from "../domain/message/message.js";
import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { RunStatus } from "../domain/run/run-status.js";
import type { JsonObject } from "../util/json.js";

/** The filters for a list of recipient runs. An undefined field does not filter. */
export interface RunFilter {
  workflow?: string | undefined;
  workflow_run_id?: string | undefined;
  recipient?: RecipientKey | undefined;
  status?: RunStatus | undefined;
  tenant?: string | undefined;
  /** Part of the workflow's key or of the recipient's id, or a complete id. ASCII letters match in either case. */
  text?: string | undefined;
}

/** The filters for a list of messages. An undefined field does not filter. */
export interface MessageFilter {
  workflow?: string | undefined;
  workflow_run_id?: string | undefined;
  recipient_run_id?: string | undefined;
  recipient?: RecipientKey | undefined;
  /** A channel's key or id. */
  channel?: string | undefined;
  status?: DeliveryStatus | undefined;
  /** The engagement statuses of which messages have one. A negative status matches messages without the engagement. */
  engagement_statuses?: readonly EngagementAction[] | undefined;
  tenant?: string | undefined;
  /** Like `text` of a run filter; also matches part of the rendered content. */
  text?: string | undefined;
}

/** All filters of the API's list of recipient runs. Times are milliseconds; both bounds are included. */
export interface RunQuery extends RunFilter {
  /** Any of these. */
  statuses?: readonly RunStatus[] | undefined;
  starting_at?: number | undefined;
  ending_at?: number | undefined;
  has_errors?: boolean | undefined;
}

/** Milliseconds. `gte` and `lte` include the bound. */
export type TimeBounds = Partial<Record<"gt" | "gte" | "lt" | "lte", number>>;

/** All filters of the API's lists of messages. If a filter is a list, any of its values matches. */
export interface MessageQuery extends MessageFilter {
  ids?: readonly string[] | undefined;
  statuses?: readonly DeliveryStatus[] | undefined;
  workflow_categories?: readonly string[] | undefined;
  /** Pairs that must be at the top level of a message's data. Values are not nested. */
  trigger_data?: JsonObject | undefined;
  inserted_at?: TimeBounds | undefined;
}

/** The kind of thing that an id prefix is searched in. */
export type IdKind = "workflow_run" | "recipient_run" | "message" | "schedule";
