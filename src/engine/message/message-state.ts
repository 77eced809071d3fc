import {
  type DeliveryStatus,
  getEngagementStatuses,
  type Message,
  type MessageStatuses,
} from "../../domain/message/message.js";
import type { StepMessageState } from "./evaluate-message-status.js";

/** Returns the state of a step's messages for conditions. Undefined if the step created none (E-121, E-125). */
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

/** Sets the delivery status of a message and adds its event. */
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
 * Completes sandboxed messages as `not_sent`, unless a send window delays them (E-208). This happens after the run's advance,
 * because the steps after the message must still see it as queued (E-129).
 */
export function completeSandboxedMessages(messages: readonly Message[], now: number): void {
  for (const message of messages) {
    if (isSandboxed(message) && message.scheduled_at === null && message.status === "queued") {
      setStatus(message, "not_sent", now);
      message.due_at = null;
    }
  }
}
