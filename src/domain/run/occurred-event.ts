import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { getEngagementStatuses, type Message, type MessageEvent } from "../message/message.js";
import { type Recipient, type RecipientKey, toRecipientReference } from "../recipient/recipient.js";
import { buildEventName } from "./run-wait.js";
import type { RecipientRun, TriggerSource, WorkflowRun } from "./workflow-run.js";

/** An event that a run may wait for. Conditions read its field `event` under the same name (E-342). */
export interface OccurredEvent {
  name: string;
  /** The recipient that the event is about. Null, which only source events can have, means no particular recipient. */
  recipient: RecipientKey | null;
  at: number;
  event: JsonObject;
}

function iso(milliseconds: number): string {
  return toIsoTime(milliseconds);
}

function toJsonReference(key: RecipientKey): JsonObject[string] {
  return toRecipientReference(key);
}

/** The names in the service's exports for how a run was started (E-011). */
const EXEC_MODES: Readonly<Record<TriggerSource["type"], string>> = {
  api: "trigger",
  audience: "audience",
  schedule: "scheduled",
  broadcast: "broadcast_trigger",
  workflow_step: "workflow_step_trigger",
  integration: "integration",
  rehearsal: "rehearse",
};

/**
 * Returns the events of a message. `startedBy` is the trigger source of its run, or null for a guide's message, which
 * has no run.
 */
export function buildMessageEvents(
  message: Message,
  events: readonly MessageEvent[],
  startedBy: TriggerSource["type"] | null,
): OccurredEvent[] {
  return events.map(({ type, at, data }) => ({
    name: buildEventName({
      event_type: "message",
      source_type: message.source ?? "workflow",
      source_key: message.workflow,
      event_key: type,
    }),
    recipient: message.recipient,
    at,
    event: {
      message_id: message.id,
      event_type: `message.${type}`,
      channel_id: message.channel.id,
      channel_type: message.channel.type,
      channel_provider: message.channel.provider,
      tenant_id: message.tenant,
      exec_mode: startedBy === null ? "guide" : EXEC_MODES[startedBy],
      step_ref: message.step_ref,
      recipient: toJsonReference(message.recipient),
      inserted_at: iso(at),
      source: { type: message.source ?? "workflow", key: message.workflow },
      data: { status: message.status, engagement_statuses: getEngagementStatuses(message), ...data },
    },
  }));
}

function buildWorkflowEvent(
  run: WorkflowRun,
  { recipient, status, updated_at }: RecipientRun,
  key: "started" | "completed",
): OccurredEvent {
  return {
    name: buildEventName({ event_type: "workflow", source_key: run.workflow, event_key: key }),
    recipient,
    at: updated_at,
    event: {
      workflow_key: run.workflow,
      workflow_run_id: run.id,
      recipient: toJsonReference(recipient),
      status,
      tenant_id: run.tenant,
      notify_data: run.data,
      exec_mode: EXEC_MODES[run.trigger_source.type],
      inserted_at: iso(updated_at),
    },
  };
}

/** Returns the events of a run that has just started or has been advanced (E-342). */
export function buildRunEvents(
  run: WorkflowRun,
  recipientRun: RecipientRun,
  { started }: { started: boolean },
): OccurredEvent[] {
  const events = started ? [buildWorkflowEvent(run, recipientRun, "started")] : [];
  if (recipientRun.status === "completed") events.push(buildWorkflowEvent(run, recipientRun, "completed"));
  return events;
}

/** The properties that the service calls traits. */
const TRAITS = ["name", "email", "phone_number", "avatar", "locale", "timezone"];

export function buildRecipientEvent(
  { key, properties, preferences, channel_data }: Recipient,
  at: number,
): OccurredEvent {
  const traits = Object.entries(properties).filter(([name]) => TRAITS.includes(name));
  return {
    name: buildEventName({ event_type: "recipient", event_key: "updated" }),
    recipient: key,
    at,
    event: {
      recipient: toJsonReference(key),
      event_type: "recipient.updated",
      timestamp: iso(at),
      properties,
      preferences: preferences as JsonObject,
      knock_traits: Object.fromEntries(traits),
      channel_data,
    },
  };
}

export function buildAudienceEvent(
  audience: string,
  user: RecipientKey,
  key: "enter" | "exit",
  at: number,
): OccurredEvent {
  return {
    name: buildEventName({ event_type: "audience", audience_key: audience, event_key: key }),
    recipient: user,
    at,
    event: { audience_id: audience, recipient: toJsonReference(user), transition: key, happened_at: iso(at) },
  };
}
