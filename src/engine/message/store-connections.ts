import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { UserLookupResult } from "../../ports/provider.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { JsonObject } from "../../util/json.js";
import type { EngineContext } from "../context/engine-context.js";
import type { PendingQuery } from "../context/pending-query.js";

/** A connection of a recipient that a provider found for a message. */
export type FoundConnection = {
  message: { recipient: RecipientKey; channel: { id: string } };
  connection: JsonObject;
};

/** Looks a user up before a message is created, and stores the connection if one is found (CH-175, E-186). */
export async function resolveConnection(
  context: EngineContext<RecipientStore>,
  { recipient, channel, lookup: { email, token } }: Extract<PendingQuery, { kind: "connection" }>,
  now: number,
): Promise<UserLookupResult> {
  const lookupResult = (await context.findProvider(channel)?.findUser?.(email, token, channel)) ?? null;
  if (lookupResult !== null && "connection" in lookupResult)
    await storeConnections(context, [{ message: { recipient, channel }, connection: lookupResult.connection }], now);
  return lookupResult;
}

/** Stores connections of recipients that have none yet, so that they are not looked up again (CH-175, E-186). */
export async function storeConnections(
  { store, ownWork }: EngineContext<RecipientStore>,
  foundConnections: readonly FoundConnection[],
  now: number,
): Promise<void> {
  const recipients = await store.readRecipients([...new Set(foundConnections.map(({ message }) => message.recipient))]);
  const writes = foundConnections.flatMap(({ message: { recipient, channel }, connection }) => {
    const stored = recipients.get(recipient);
    const data = stored?.channel_data[channel.id];
    if (stored === undefined || (Array.isArray(data?.connections) && data.connections.length > 0)) return [];
    return [{ recipient, channel_id: channel.id, data: { ...data, connections: [connection] } }];
  });
  if (writes.length > 0) ownWork?.add((await store.writeChannelData(writes, now)).caused);
}
