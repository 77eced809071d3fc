import type { JsonObject } from "../../util/json.js";
import { type RecipientKey, splitRecipientKey, USERS } from "../recipient/recipient.js";
import type { AwaitedEvent } from "../steps/wait-for-event-step.js";

/** What a paused run waits for. Times in milliseconds, both inclusive (E-344). */
export interface RunWait {
  /** The kind of event, by its {@link buildEventName}. */
  awaited: string;
  /** Only events about this recipient; null: any (E-339, EQ-57). */
  recipient: RecipientKey | null;
  from: number;
  until: number;
  /** The last signal that the run has looked at; null where the wait is new. */
  seen: number | null;
}

/** An event that a waiting run has not looked at yet; ids grow. */
export interface Signal {
  id: number;
  event: JsonObject;
}

/** One name for an awaited kind of event and the events of that kind. */
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

/** Returns whether an event is one that a wait may end with; the step's conditions then decide (E-339, E-344). */
export function isAwaited(
  { awaited, recipient, from, until }: Pick<RunWait, "awaited" | "recipient" | "from" | "until">,
  event: { name: string; recipient: RecipientKey | null; at: number },
): boolean {
  if (awaited !== event.name || event.at < from || event.at > until) return false;
  return recipient === null || recipient === event.recipient;
}

/** Returns when a waiting run is due once an event that it may wait for has come in: at once. */
export function getDueAfterSignal(dueAt: number | null, now: number): number | null {
  return dueAt === null ? null : Math.min(dueAt, now);
}

/** Returns whether a run looked at events, none of which ended its wait, and goes on waiting. */
export function isStillWaiting(wait: RunWait | null | undefined): boolean {
  return wait != null && wait.seen !== null;
}

/** Whose events end the wait: the recipient's own; an object's run takes any of a source (E-339, EQ-57). */
export function resolveWaitScope(event: AwaitedEvent, recipient: RecipientKey): RecipientKey | null {
  return event.event_type === "integration_source" && splitRecipientKey(recipient).collection !== USERS
    ? null
    : recipient;
}
