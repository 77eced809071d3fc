import type { JsonObject } from "../../util/json.js";
import { hasTrait } from "./channel-types.js";
import type { EngagementAction, EngagementStatus, Message } from "./message.js";

const CLEARED_STATUSES: Partial<Record<EngagementAction, EngagementStatus>> = {
  unseen: "seen",
  unread: "read",
  unarchived: "archived",
};

/** Returns whether an action means that the recipient has read the message (E-227, EQ-34). */
function impliesRead(message: Message, action: EngagementAction): boolean {
  if (action === "interacted") return true;
  return action === "link_clicked" && hasTrait(message.channel.type, "isReadByClick");
}

/**
 * Returns a message after an engagement action. The status has the time of the latest action (E-221), and "un" actions
 * clear it (E-222). Every action, also a repeated one, and every implied change is an event (E-229, E-230). `metadata`
 * describes an interaction and becomes the data of its event (E-226, A-924).
 */
export function markMessage(
  message: Message,
  action: EngagementAction,
  at: number,
  metadata: JsonObject | null,
): Message {
  const event = { type: action, at, data: metadata };
  const marked: Message = { ...message, events: [...message.events, event], updated_at: at };
  const cleared = CLEARED_STATUSES[action];
  marked[`${cleared ?? (action as EngagementStatus)}_at`] = cleared ? null : at;
  if (impliesRead(message, action) && message.read_at === null) {
    marked.read_at = at;
    marked.events.push({ type: "read", at, data: null });
  }
  return marked;
}
