import type { Message } from "../../domain/message/message.js";
import type { MessageStore } from "../../ports/message-store.js";
import { isJsonObject } from "../../util/json.js";
import type { EngineContext } from "../context/engine-context.js";

const PAGE_SIZE = 50;
/** The delay before looking again for a message that another process is sending. */
const RETRY_INTERVAL_MS = 1_000;

/** The message that a reply belongs to: its id on the chat platform, why it was not found, or when to look again. */
type ParentMessage = { id: string } | { error: string } | { retryAt: number };

/** Returns the messages that a step of a message's run created on the message's channel. */
async function listMessagesOfStep(store: MessageStore, message: Message, ref: string): Promise<Message[]> {
  const found: Message[] = [];
  let after: string | undefined;
  do {
    const filter = { recipient_run_id: message.recipient_run_id, channel: message.channel.id };
    const { items, page_info } = await store.listMessages(filter, { limit: PAGE_SIZE, after });
    found.push(...items.filter(({ step_ref }) => step_ref === ref));
    after = page_info.after ?? undefined;
  } while (after !== undefined);
  return found;
}

/** Finds the message that a message replies to. If it is not sent yet, returns the time to look again (E-188). */
export async function findParentMessage(
  { store }: EngineContext<MessageStore>,
  message: Message,
  ref: string,
  now: number,
): Promise<ParentMessage> {
  const [parent, ...more] = await listMessagesOfStep(store, message, ref);
  if (parent === undefined) return { error: `no message to reply to: step "${ref}" created no message` };
  if (more.length > 0)
    return { error: `step "${ref}" created ${more.length + 1} messages, and a reply needs exactly one` };
  if (parent.due_at !== null) return { retryAt: Math.max(parent.due_at, now + RETRY_INTERVAL_MS) };
  const id = parent.metadata?.external_id;
  if (typeof id === "string" && id !== "") return { id };
  return { error: `the message of step "${ref}" is ${parent.status}, so it has no ID to reply to` };
}

/** Returns the message with the id of the message that it replies to. Unchanged if that was not found. */
export function addParentMessage(message: Message, parent: ParentMessage): Message {
  if (!("id" in parent)) return message;
  const metadata = isJsonObject(message.content.metadata) ? message.content.metadata : {};
  return { ...message, content: { ...message.content, metadata: { ...metadata, parent_message_id: parent.id } } };
}
