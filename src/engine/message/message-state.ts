import { type DeliveryStatus, engagementOf, type Message, type MessageMarks } from "../../domain/message/message.js";
import type { StepMessageState } from "./message-status.js";

/** What conditions see of a step's messages (E-121, E-125); undefined where it made none. */
export function stepMessageState(
  ref: string,
  before: readonly MessageMarks[],
  made: readonly MessageMarks[],
): StepMessageState | undefined {
  const messages = [...before, ...made].filter((message) => message.step_ref === ref);
  if (messages.length === 0) return undefined;
  return { messages: messages.map((message) => ({ status: message.status, engagement: engagementOf(message) })) };
}

export function isSandboxed(message: Message): boolean {
  return message.metadata?.sandbox === true;
}

/** Moves a message to a delivery status, with its event. */
export function setStatus(
  message: Message,
  status: DeliveryStatus,
  at: number,
  data: Message["metadata"] = null,
): void {
  message.status = status;
  message.updated_at = at;
  message.events.push({ type: status, at, data });
}

/**
 * Sandboxed messages that no send window holds are done at once: rendered, kept, never sent (E-208). It happens after
 * the run's advance, because steps right behind the message still see it queued (E-129).
 */
export function settleMessages(messages: readonly Message[], now: number): void {
  for (const message of messages) {
    if (isSandboxed(message) && message.scheduled_at === null && message.status === "queued") {
      setStatus(message, "not_sent", now);
      message.due_at = null;
    }
  }
}
