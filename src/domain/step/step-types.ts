import type { JsonObject } from "../../util/json.js";
import type { Condition, ConditionGroup } from "../condition/condition.js";
import type { Duration } from "./duration.js";

export interface StepBase {
  ref: string;
  name: string | null;
  conditions: ConditionGroup | null;
}

/** At least one of the two is set; both together are a timestamp and an offset from it (E-233 to E-235). */
export interface DelayStep extends StepBase {
  type: "delay";
  settings: { delay_for: Duration | null; delay_until_field_path: string | null };
}

/** Section 9.1 of the format. The window is as a delay's: fixed, dynamic, or with both an offset (E-253 to E-255). */
export interface BatchStep extends StepBase {
  type: "batch";
  settings: {
    /** A bare name is `data.<name>`; a path with a known prefix; or Liquid (E-244). */
    batch_key: string | null;
    batch_window: Duration | null;
    batch_until_field_path: string | null;
    batch_window_type: "fixed" | "sliding";
    /** Set where the window slides (E-259). */
    batch_window_extension_limit: Duration | null;
    /** 2 to 1000, or null for no limit (E-260). */
    batch_items_max_limit: number | null;
    /** 1 to 100 (E-272). */
    batch_items_render_limit: number;
    batch_order: "asc" | "desc";
    batch_execution_mode: "accumulate" | "flush_leading";
    workflow_version_mode: "latest" | "pinned";
  };
}

/** Section 9.3 of the format; `throttle_key` has the grammar of a batch key. */
export interface ThrottleStep extends StepBase {
  type: "throttle";
  settings: {
    throttle_key: string | null;
    throttle_limit: number;
    throttle_window: Duration | null;
    throttle_window_field_path: string | null;
  };
}

export const HTTP_METHODS = ["get", "post", "put", "delete", "patch"] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

/** Both are Liquid. */
export interface KeyValue {
  key: string;
  value: string;
}

/** What a fetch step asks (section 9.4 of the format); all text is Liquid but the method and the path. */
export interface HttpRequest {
  method: HttpMethod;
  url: string;
  /** Pairs, or one template that gives a JSON object or a list of pairs (section 6.6). */
  headers: KeyValue[] | string;
  query_params: KeyValue[] | string;
  /** JSON once rendered. */
  body: string | null;
  /** A dotted path below `data` (E-297). */
  response_path: string | null;
  signing_key: string | null;
}

export interface HttpFetchStep extends StepBase {
  type: "http_fetch";
  settings: HttpRequest & {
    /** A shared request and what it is given (E-305); `url` may then be empty. */
    reusable_step_key: string | null;
    inputs: JsonObject;
  };
}

/** Section 9.7 of the format: Liquid, each with its documented default (E-316). */
export interface TriggerWorkflowStep extends StepBase {
  type: "trigger_workflow";
  settings: {
    workflow_key: string;
    recipients: string;
    actor: string;
    tenant: string;
    data: string;
    cancellation_key: string;
  };
}

/** `data`: a JSON object as text, or Liquid that gives one (section 9.8). */
export interface UpdateDataStep extends StepBase {
  type: "update_data";
  settings: { data: string };
}

interface UpdateRecipientSettings {
  recipient_mode: "current" | "reference";
  /** `gid://Object/$users/<id>` or `gid://Object/$tenants/<id>`, the id may be Liquid; null when `current`. */
  recipient_gid: string | null;
  /** A JSON object as text, or Liquid that gives one. */
  update_properties: string;
}

export interface UpdateUserStep extends StepBase {
  type: "update_user";
  settings: UpdateRecipientSettings;
}

export interface UpdateTenantStep extends StepBase {
  type: "update_tenant";
  settings: UpdateRecipientSettings;
}

/** `recipient_gid`: `gid://Object/<collection>/<id>` (E-330). */
export interface UpdateObjectStep extends StepBase {
  type: "update_object";
  settings: { recipient_gid: string; update_properties: string };
}

/** Of a static audience (E-332). */
export interface UpdateAudienceStep extends StepBase {
  type: "update_audience";
  settings: { action: "add" | "remove"; audience_key: string };
}

export const MESSAGE_EVENT_KEYS = [
  "created",
  "queued",
  "sent",
  "not_sent",
  "delivered",
  "delivery_attempted",
  "undelivered",
  "bounced",
  "read",
  "unread",
  "seen",
  "unseen",
  "archived",
  "unarchived",
  "interacted",
  "link_clicked",
] as const;

/** What a wait step waits for (section 9.12). */
export type AwaitedEvent =
  | { event_type: "integration_source"; integration_source_key: string; event_key: string }
  | {
      event_type: "message";
      source_type: "workflow" | "broadcast" | "guide";
      source_key: string;
      event_key: (typeof MESSAGE_EVENT_KEYS)[number];
    }
  | { event_type: "workflow"; source_key: string; event_key: "started" | "completed" }
  | { event_type: "audience"; audience_key: string; event_key: "enter" | "exit" }
  | { event_type: "recipient"; event_key: "updated" };

/** Conditions are AND-ed inside a group, groups are OR-ed (F-033). */
export interface MatchGroup {
  operator: "and";
  conditions: Condition[];
}

export interface WaitForEventStep extends StepBase {
  type: "wait_for_event";
  settings: {
    event: AwaitedEvent;
    /** Empty: every such event matches. */
    match_conditions: MatchGroup[];
    expires_after: Duration;
    on_match: "continue" | "halt";
    on_timeout: "continue" | "halt";
  };
}

/** Section 9.13 of the format. */
export interface AiAgentStep extends StepBase {
  type: "ai_agent";
  settings: {
    /** `provider:model`. */
    model: string;
    request_prompt: string;
    response_type: "text" | "json";
    /** The JSON Schema, parsed; set exactly where the response is JSON (E-352). */
    response_schema: JsonObject | null;
    web_search_enabled: boolean;
    halt_on_error: boolean;
  };
}

/** Every step that is neither a channel step nor has steps of its own. */
export type FunctionStep =
  | DelayStep
  | BatchStep
  | ThrottleStep
  | HttpFetchStep
  | TriggerWorkflowStep
  | UpdateDataStep
  | UpdateUserStep
  | UpdateTenantStep
  | UpdateObjectStep
  | UpdateAudienceStep
  | WaitForEventStep
  | AiAgentStep;
