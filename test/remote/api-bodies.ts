import type { JsonObject } from "../../src/util/json.js";
import type { StubExpectation } from "../helpers/stub-api.js";

export const RUN_ID = "6f1f0f3e-0000-4000-8000-0000000000bb";

/** Returns the id of these tests' recipient run `number`: number 1 ends in 001. */
export function runId(number: number): string {
  return `6f1f0f3e-0000-5000-8000-000000000${String(number).padStart(3, "0")}`;
}

/** Builds the API's `WorkflowRecipientRun`. */
export function recipientRun(number: number, more: JsonObject = {}): JsonObject {
  return {
    __typename: "WorkflowRecipientRun",
    id: runId(number),
    workflow_run_id: RUN_ID,
    workflow: "hello",
    recipient: `u${number}`,
    actor: null,
    tenant: null,
    status: "completed",
    error_count: 0,
    trigger_source: { type: "api" },
    inserted_at: "2026-03-01T10:00:00Z",
    updated_at: "2026-03-01T10:00:01Z",
    ...more,
  };
}

/** Builds the API's `WorkflowRecipientRunEvent`. */
export function event(
  name: string,
  step: string | null = null,
  data: JsonObject | null = null,
  more: JsonObject = {},
): JsonObject {
  return {
    __typename: "WorkflowRecipientRunEvent",
    id: "e",
    event: name,
    status: "ok",
    step_ref: step,
    step_type: step === null ? null : step.replace(/_\d+$/, "").replace(/^(email|in_app_feed|push|sms)$/, "channel"),
    attempt: 1,
    data,
    inserted_at: "2026-03-01T10:00:00Z",
    ...more,
  };
}

/** Builds the API's `Message` of run `number` at `step`. */
export function message(id: string, number: number, step: string, more: JsonObject = {}): JsonObject {
  const type = step.replace(/_\d+$/, "");
  return {
    __typename: "Message",
    id,
    channel: { id: "6f1f0f3e-0000-4000-8000-000000000001", key: `my-${type}`, name: "x", provider: "p", type },
    recipient: `u${number}`,
    workflow: "hello",
    status: "sent",
    engagement_statuses: [],
    scheduled_at: null,
    source: {
      __typename: "NotificationSource",
      key: "hello",
      step_ref: step,
      workflow_run_id: RUN_ID,
      workflow_recipient_run_id: runId(number),
    },
    ...more,
  };
}

export function page(items: JsonObject[], after: string | null = null, before: string | null = null): JsonObject {
  return { items, page_info: { __typename: "PageInfo", after, before, page_size: 50 } };
}

export function get(path: string, json: unknown, status = 200): StubExpectation {
  return { method: "GET", path, reply: { status, json } };
}

export const NOT_FOUND = {
  code: "resource_missing",
  message: "The resource you requested does not exist",
  status: 404,
  type: "api_error",
};
