import type { JsonObject } from "../../util/json.js";
import { type RecipientKey, splitRecipientKey, USERS } from "../recipient/recipient.js";
import type { AwaitedEvent } from "../step-types/wait-for-event-step.js";

/** The event that a paused run waits for. Times are in milliseconds and inclusive (E-344). */
export interface RunWait {
  /** The {@link buildEventName} of the event. */
  awaited: string;
  /** The recipient that the event must be about; null means any (E-339, EQ-57). */
  recipient: RecipientKey | null;
  from: number;
  until: number;
  /** The last signal that the run has checked; null for a new wait. */
  seen: number | null;
}

/** An event that a waiting run has not checked yet. IDs are ascending. */
export interface Signal {
  id: number;
  event: JsonObject;
}

/** Returns the name that identifies a kind of event, for awaited events and for those that occur. */
export function buildEventName(event: AwaitedEvent): string {
  switch (event.event_type) {
    case "integration_source":
      return JSON.stringify([event.event_type, event.integration_source_key, event.event_key]);
    case "message":
      return JSON.stringify([event.event_type, event.source_type, event.source_key, event.event_key]);
    case "workflow":
      return JSON.stringify([event.event_type, event.source_key, event.event_key]);
    case "audience":
      return JSON.stringify([event.event_type, event.audience_key, event.event_key]);
    case "recipient":
      return JSON.stringify([event.event_type, event.event_key]);
  }
}

/** Returns whether an event may end a wait. The conditions of the step then decide (E-339, E-344). */
export function isAwaited(
  { awaited, recipient, from, until }: Pick<RunWait, "awaited" | "recipient" | "from" | "until">,
  event: { name: string; recipient: RecipientKey | null; at: number },
): boolean {
  if (awaited !== event.name || event.at < from || event.at > until) return false;
  return recipient === null || recipient === event.recipient;
}

/** Returns when a waiting run is due after an event that it may wait for: now, if it was not due earlier; null stays null. */
export function getDueAfterSignal(dueAt: number | null, now: number): number | null {
  return dueAt === null ? null : Math.min(dueAt, now);
}

/** Returns whether a run checked events, none of which ended its wait. */
export function isStillWaiting(wait: RunWait | null | undefined): boolean {
  return wait != null && wait.seen !== null;
}

/**
 * Returns the recipient whose events can end a wait, or null for any. It is the run's recipient, but the run of an
 * object accepts events of a source about any recipient (E-339, EQ-57).
 */
export function resolveWaitScope(event: AwaitedEvent, recipient: RecipientKey): RecipientKey | null {
  return event.event_type === "integration_source" && splitRecipientKey(recipient).collection !== USERS
    ? null
    : recipient;
}
