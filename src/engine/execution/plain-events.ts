import type { MessageEvent } from "../../domain/message/message.js";
import type { RunEvent } from "../../domain/run/workflow-run.js";

// Events without data are alike in all runs and messages of a trigger, and no event ever changes: the last of each name is
// used again. Made for each, they are a seventh of what lives until the transaction, which the collector copies twice.

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
