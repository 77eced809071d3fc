import type { Message, MessageEvent } from "./message.js";

/** Returns an undelivered message queued as if it were new and due at once, or null for any other message (E-213). */
export function requeueMessage(message: Message, at: number): Message | null {
  if (message.status !== "undelivered") return null;
  const event: MessageEvent = { type: "queued", at, data: null };
  return {
    ...message,
    status: "queued",
    due_at: at,
    attempts: 0,
    events: [...message.events, event],
    updated_at: at,
  };
}
