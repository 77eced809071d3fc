import type { Message } from "../../domain/message/message.js";
import { KnockError } from "../../errors/knock-error.js";
import type { JsonObject } from "../../util/json.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { runDueWork } from "../run/run-due-work.js";
import { serializeMessage } from "./api-serializers.js";

/** Throws for ids of no messages, and changes nothing. */
export function checkMessagesExist(ids: readonly string[], messages: readonly Message[]): void {
  const known = new Set(messages.map((message) => message.id));
  const missing = ids.filter((id) => !known.has(id));
  if (missing.length === 0) return;
  throw new KnockError(
    "resource_missing",
    `there is no message "${missing[0]}"${missing.length > 1 ? ` (and ${missing.length - 1} more)` : ""}`,
    {
      details: missing.map((id) => ({ pointer: "", message: "is no message's id", value: id })),
      hint: "knock messages list shows them; nothing was changed.",
    },
  );
}

/** Undelivered messages go back to `queued` and through the same life again, at once (E-213). */
export async function retryMessages(
  context: EngineContext<DueWorkStore>,
  ids: readonly string[],
): Promise<JsonObject[]> {
  const { store } = context;
  const found = await store.readMessages(ids);
  checkMessagesExist(ids, found);
  const other = found.find(({ status }) => status !== "undelivered");
  if (other !== undefined)
    throw new KnockError("conflict", `message ${other.id} is ${other.status}: only undelivered ones are retried`, {
      details: [{ pointer: "", message: `is ${other.status}`, value: other.id }],
      hint: "knock messages list --status undelivered shows them; nothing was changed.",
    });
  const now = await readTime(context);
  await store.retryMessages(ids, now);
  await runDueWork(context, now);
  return (await store.readMessages(ids)).map(serializeMessage);
}
