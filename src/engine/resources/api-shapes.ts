import type { DeliveryLog } from "../../domain/message/delivery-log.js";
import { actorsOf, engagementOf, type Message } from "../../domain/message/message.js";
import { type RecipientKey, referenceOf } from "../../domain/recipient/recipient.js";
import type { RecipientRun, WorkflowRun } from "../../domain/run/workflow-run.js";
import { uuidV5 } from "../../util/ids.js";
import { isoTime } from "../../util/iso-time.js";
import type { Json, JsonObject } from "../../util/json.js";
import { runEventShapes } from "./run-events.js";

/** Message ids are no UUIDs: what is named within a message is named in here. Never change it. */
const EVENT_NAMESPACE = "5d6f3c0a-93c1-4c5e-8f5e-2f0c3a5a7d10";

function iso(milliseconds: number): string {
  return isoTime(milliseconds);
}

function isoOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : iso(milliseconds);
}

function reference(key: RecipientKey): Json {
  return referenceOf(key) as Json;
}

/** The API's `Message`. */
export function messageShape(message: Message): JsonObject {
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
      created_at: iso(0),
      updated_at: iso(0),
    },
    recipient: reference(message.recipient),
    actors: actorsOf(message).map(reference),
    workflow: message.workflow,
    tenant: message.tenant,
    status: message.status,
    engagement_statuses: engagementOf(message),
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
    inserted_at: iso(message.inserted_at),
    updated_at: iso(message.updated_at),
    scheduled_at: isoOrNull(message.scheduled_at),
    seen_at: isoOrNull(message.seen_at),
    read_at: isoOrNull(message.read_at),
    interacted_at: isoOrNull(message.interacted_at),
    archived_at: isoOrNull(message.archived_at),
    link_clicked_at: isoOrNull(message.link_clicked_at),
    clicked_at: isoOrNull(message.link_clicked_at),
  };
}

/** The API's `MessageContents`. */
export function contentShape(message: Message): JsonObject {
  return {
    __typename: "MessageContent",
    message_id: message.id,
    inserted_at: iso(message.inserted_at),
    data: message.content,
  };
}

/** The API's `MessageEvent`s, newest first (AC-200). */
export function messageEventShapes(message: Message): JsonObject[] {
  const shapes = message.events.map(
    (event, index): JsonObject => ({
      __typename: "MessageEvent",
      // Stored without ids: the place in the list names an event for good.
      id: uuidV5(EVENT_NAMESPACE, `${message.id} ${index}`),
      type: `message.${event.type}`,
      recipient: reference(message.recipient),
      data: event.data,
      inserted_at: iso(event.at),
    }),
  );
  return shapes.reverse();
}

/** The API's `MessageDeliveryLog`. A project is one environment: it has its name's id. */
export function deliveryLogShape({ id, at, service_name, request, response }: DeliveryLog): JsonObject {
  return {
    __typename: "MessageDeliveryLog",
    id,
    environment_id: uuidV5(EVENT_NAMESPACE, "environment"),
    service_name,
    request,
    response,
    inserted_at: iso(at),
  };
}

/** The API's `WorkflowRecipientRun`. */
export function recipientRunShape(run: WorkflowRun, recipientRun: RecipientRun): JsonObject {
  const { depth: _depth, of: _of, ...known } = run.trigger_source;
  const source: JsonObject = { ...known };
  if (run.cancellation_key !== null) source.cancellation_key = run.cancellation_key;
  return {
    __typename: "WorkflowRecipientRun",
    id: recipientRun.id,
    workflow_run_id: run.id,
    workflow: run.workflow,
    recipient: reference(recipientRun.recipient),
    actor: run.actor ? reference(run.actor) : null,
    tenant: run.tenant,
    status: recipientRun.status,
    error_count: recipientRun.error_count,
    trigger_source: source,
    inserted_at: iso(recipientRun.inserted_at),
    updated_at: iso(recipientRun.updated_at),
  };
}

/** The API's `WorkflowRecipientRunDetail`: with the run's events in order. */
export function recipientRunDetailShape(run: WorkflowRun, recipientRun: RecipientRun): JsonObject {
  return {
    ...recipientRunShape(run, recipientRun),
    events: runEventShapes(recipientRun),
  };
}
