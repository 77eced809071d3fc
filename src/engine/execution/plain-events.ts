import type { MessageEvent } from "../../domain/message/message.js";
import type { RunEvent } from "../../domain/run/workflow-run.js";

// Events without data are equal in all runs and messages of a trigger and never change, so the last event of each name
// is reused. Created separately, they would be a seventh of the memory that lives until the transaction, which the
// garbage collector copies twice.

const lastRunEvents = new Map<string, RunEvent>();
const lastMessageEvents = new Map<string, MessageEvent>();

export function getPlainRunEvent(
  event: string,
  step_ref: string | null,
  step_type: string | null,
  at: number,
): RunEvent {
  const last = lastRunEvents.get(event);
  if (last !== undefined && last.at === at && last.step_ref === step_ref && last.step_type === step_type) return last;
  const newEvent: RunEvent = { event, status: "ok", step_ref, step_type, attempt: 1, data: null, at };
  lastRunEvents.set(event, newEvent);
  return newEvent;
}

export function getPlainMessageEvent(type: MessageEvent["type"], at: number): MessageEvent {
  const last = lastMessageEvents.get(type);
  if (last !== undefined && last.at === at) return last;
  const newEvent: MessageEvent = { type, at, data: null };
  lastMessageEvents.set(type, newEvent);
  return newEvent;
}
