import type { JsonObject } from "../../util/json.js";
import { hasTrait } from "./channel-types.js";
import type { EngagementAction, EngagementStatus, Message } from "./message.js";

const CLEARED_STATUSES: Partial<Record<EngagementAction, EngagementStatus>> = {
  unseen: "seen",
  unread: "read",
  unarchived: "archived",
};

/** Actions that mean the recipient must have read it (E-227, EQ-34). */
function impliesRead(message: Message, action: EngagementAction): boolean {
  if (action === "interacted") return true;
  return action === "link_clicked" && hasTrait(message.channel.type, "isReadByClick");
}

/**
 * Returns a message after an engagement action: its time is the latest action's (E-221), the "un" actions clear it (E-222),
 * every action and every implied change is an event (E-229), repeated ones too (E-230). `metadata`, what the caller says
 * about an interaction, is that event's data (E-226, A-924).
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
