import type { DeliveryLog } from "../../domain/message/delivery-log.js";
import { getActors, getEngagementStatuses, type Message } from "../../domain/message/message.js";
import { type RecipientKey, toRecipientReference } from "../../domain/recipient/recipient.js";
import type { RecipientRun, RunEvent, WorkflowRun } from "../../domain/run/workflow-run.js";
import type { MessageHistory } from "../../ports/message-history.js";
import { createUuidV5 } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { Json, JsonObject } from "../../util/json.js";

/** Events that are a step's first if it was skipped, so that it has no `step_started`. */
const EVENTS_OF_SKIPPED_STEPS = new Set(["step_skipped"]);

function serializeRunEvent(event: RunEvent, id: string): JsonObject {
  return {
    __typename: "WorkflowRecipientRunEvent",
    id,
    event: event.event,
    status: event.status,
    step_ref: event.step_ref,
    step_type: event.step_type,
    attempt: event.attempt,
    data: event.data,
    inserted_at: toIsoTime(event.at),
  };
}

/**
 * Returns a run's events in the API's format, in order (E-009, EQ-04). `step_started` is not stored but derived from
 * the first event of each step, which saves space in runs with many recipients.
 */
function serializeRunEvents({ id, events }: Pick<RecipientRun, "id" | "events">): JsonObject[] {
  const startedSteps = new Set<string>();
  return events.flatMap((event, index) => {
    // Events are stored without ids. The index identifies an event, because it never changes.
    const serialized = serializeRunEvent(event, createUuidV5(id, `event ${index}`));
    if (event.step_ref === null || startedSteps.has(event.step_ref)) return [serialized];
    startedSteps.add(event.step_ref);
    if (EVENTS_OF_SKIPPED_STEPS.has(event.event)) return [serialized];
    const start: RunEvent = { ...event, event: "step_started", status: "ok", attempt: 1, data: null };
    return [serializeRunEvent(start, createUuidV5(id, `event ${index} started`)), serialized];
  });
}

/** The namespace of ids derived from message ids, which are not UUIDs. Never change it. */
const EVENT_NAMESPACE = "5d6f3c0a-93c1-4c5e-8f5e-2f0c3a5a7d10";

function toIso(milliseconds: number): string {
  return toIsoTime(milliseconds);
}

function toIsoOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : toIso(milliseconds);
}

function serializeReference(key: RecipientKey): Json {
  return toRecipientReference(key);
}

/** Returns the API's `Message`. */
export function serializeMessage(message: Message): JsonObject {
  const { channel } = message;
  return {
    __typename: "Message",
    id: message.id,
    channel_id: channel.id,
    channel: {
      id: channel.id,
      key: channel.key,
      name: channel.key,
      provider: channel.provider,
      type: channel.type,
      created_at: toIso(0),
      updated_at: toIso(0),
    },
    recipient: serializeReference(message.recipient),
    actors: getActors(message).map(serializeReference),
    workflow: message.workflow,
    tenant: message.tenant,
    status: message.status,
    engagement_statuses: getEngagementStatuses(message),
    source: {
      __typename: "NotificationSource",
      type: message.source ?? "workflow",
      key: message.workflow,
      categories: message.categories,
      step_ref: message.step_ref,
      version_id: message.version_id,
      workflow_run_id: message.source === "guide" ? null : message.workflow_run_id,
      workflow_recipient_run_id: message.source === "guide" ? null : message.recipient_run_id,
    },
    data: message.data,
    metadata: message.metadata,
    recipient_snapshot: message.recipient_snapshot,
    inserted_at: toIso(message.inserted_at),
    updated_at: toIso(message.updated_at),
    scheduled_at: toIsoOrNull(message.scheduled_at),
    seen_at: toIsoOrNull(message.seen_at),
    read_at: toIsoOrNull(message.read_at),
    interacted_at: toIsoOrNull(message.interacted_at),
    archived_at: toIsoOrNull(message.archived_at),
    link_clicked_at: toIsoOrNull(message.link_clicked_at),
    clicked_at: toIsoOrNull(message.link_clicked_at),
  };
}

/** Returns the API's `MessageContents`. */
function serializeMessageContent(message: Message): JsonObject {
  return {
    __typename: "MessageContent",
    message_id: message.id,
    inserted_at: toIso(message.inserted_at),
    data: message.content,
  };
}

/** Returns the API's `MessageEvent`s, newest first (AC-200). */
function serializeMessageEvents(message: Message): JsonObject[] {
  const serialized = message.events.map(
    (event, index): JsonObject => ({
      __typename: "MessageEvent",
      // Events are stored without ids. The index identifies an event, because it never changes.
      id: createUuidV5(EVENT_NAMESPACE, `${message.id} ${index}`),
      type: `message.${event.type}`,
      recipient: serializeReference(message.recipient),
      data: event.data,
      inserted_at: toIso(event.at),
    }),
  );
  return serialized.reverse();
}

/**
 * Returns the API's `MessageDeliveryLog`. A project is one environment, whose id is derived from a constant
 * name.
 */
export function serializeDeliveryLog({ id, at, service_name, request, response }: DeliveryLog): JsonObject {
  return {
    __typename: "MessageDeliveryLog",
    id,
    environment_id: createUuidV5(EVENT_NAMESPACE, "environment"),
    service_name,
    request,
    response,
    inserted_at: toIso(at),
  };
}

/** Returns the API's `WorkflowRecipientRun`. */
export function serializeRecipientRun(run: WorkflowRun, recipientRun: RecipientRun): JsonObject {
  const { depth: _depth, of: _of, ...visible } = run.trigger_source;
  const source: JsonObject = { ...visible };
  if (run.cancellation_key !== null) source.cancellation_key = run.cancellation_key;
  return {
    __typename: "WorkflowRecipientRun",
    id: recipientRun.id,
    workflow_run_id: run.id,
    workflow: run.workflow,
    recipient: serializeReference(recipientRun.recipient),
    actor: run.actor ? serializeReference(run.actor) : null,
    tenant: run.tenant,
    status: recipientRun.status,
    error_count: recipientRun.error_count,
    trigger_source: source,
    inserted_at: toIso(recipientRun.inserted_at),
    updated_at: toIso(recipientRun.updated_at),
  };
}

/** Returns the API's `WorkflowRecipientRunDetail`, with the run's events in order. */
export function serializeRecipientRunDetail(run: WorkflowRun, recipientRun: RecipientRun): JsonObject {
  return {
    ...serializeRecipientRun(run, recipientRun),
    events: serializeRunEvents(recipientRun),
  };
}

/** Returns the API's `Message` plus `content`. */
export function serializeWholeMessage(message: Message): JsonObject {
  return { ...serializeMessage(message), content: serializeMessageContent(message) };
}

export function serializeMessageHistory(message: Message): MessageHistory {
  return { message: serializeWholeMessage(message), events: serializeMessageEvents(message) };
}
