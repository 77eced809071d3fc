import type { Message } from "../domain/message.js";
import type { JsonObject } from "../util/json.js";
import type { EngineContext } from "./engine-context.js";

/** What deliveries found out of where their recipients are. */
export type FoundConnection = { message: Message; connection: JsonObject };

/** Keeps a connection for a recipient who still has none, so that it is not asked for again (CH-175, E-186). */
export async function storeConnections(
  { store }: EngineContext,
  found: readonly FoundConnection[],
  now: number,
): Promise<void> {
  const recipients = await store.readRecipients([...new Set(found.map(({ message }) => message.recipient))]);
  const writes = found.flatMap(({ message: { recipient, channel }, connection }) => {
    const stored = recipients.get(recipient);
    const data = stored?.channel_data[channel.id];
    if (stored === undefined || (Array.isArray(data?.connections) && data.connections.length > 0)) return [];
    return [{ recipient, channel_id: channel.id, data: { ...data, connections: [connection] } }];
  });
  if (writes.length > 0) await store.writeChannelData(writes, now);
}
