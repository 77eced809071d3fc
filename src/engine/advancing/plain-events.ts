import type { MessageEvent } from "../../domain/message/message.js";
import type { RunEvent } from "../../domain/run/workflow-run.js";

// Events without data are alike in all runs and messages of a trigger, and no event ever changes: the last of each name is
// used again. Made for each, they are a seventh of what lives until the transaction, which the collector copies twice.

const ofRuns = new Map<string, RunEvent>();
const ofMessages = new Map<string, MessageEvent>();

export function plainRunEvent(event: string, step_ref: string | null, step_type: string | null, at: number): RunEvent {
  const last = ofRuns.get(event);
  if (last !== undefined && last.at === at && last.step_ref === step_ref && last.step_type === step_type) return last;
  const made: RunEvent = { event, status: "ok", step_ref, step_type, attempt: 1, data: null, at };
  ofRuns.set(event, made);
  return made;
}

export function plainMessageEvent(type: MessageEvent["type"], at: number): MessageEvent {
  const last = ofMessages.get(type);
  if (last !== undefined && last.at === at) return last;
  const made: MessageEvent = { type, at, data: null };
  ofMessages.set(type, made);
  return made;
}
