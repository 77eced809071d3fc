import type { GuideEngagement } from "../../ports/guide-store.js";
import { stringify } from "./json-column.js";
import type { MessageRow } from "./message-row.js";

/**
 * Returns whether an engagement is a `seen` of a guide's message that is not seen. It sets the content and the data, which only `seen`
 * carries: clients send engagements without waiting, so that another one may arrive first and create the message.
 */
export function isFirstDisplay({ seen_at }: Pick<MessageRow, "seen_at">, { action }: GuideEngagement): boolean {
  return action === "seen" && seen_at === null;
}

/** Returns the columns of a message with what the client displayed. */
export function toDisplayColumns({ message }: GuideEngagement): { content: string; data: string } {
  return { content: stringify(message.content), data: stringify(message.data) };
}
