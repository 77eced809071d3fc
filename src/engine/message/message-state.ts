import {
  type DeliveryStatus,
  getEngagementStatuses,
  type Message,
  type MessageStatuses,
} from "../../domain/message/message.js";
import type { StepMessageState } from "./evaluate-message-status.js";

/** What conditions see of a step's messages (E-121, E-125); undefined where it made none. */
export function getStepMessageState(
  ref: string,
  storedMessages: readonly MessageStatuses[],
  newMessages: readonly MessageStatuses[],
): StepMessageState | undefined {
  const messages = [...storedMessages, ...newMessages].filter((message) => message.step_ref === ref);
  if (messages.length === 0) return undefined;
  return {
    messages: messages.map((message) => ({ status: message.status, engagement: getEngagementStatuses(message) })),
  };
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
export function completeSandboxedMessages(messages: readonly Message[], now: number): void {
  for (const message of messages) {
    if (isSandboxed(message) && message.scheduled_at === null && message.status === "queued") {
      setStatus(message, "not_sent", now);
      message.due_at = null;
    }
  }
}
