import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { FoundUser } from "../../ports/provider.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { JsonObject } from "../../util/json.js";
import type { EngineContext } from "../context/engine-context.js";
import type { Need } from "../context/need.js";

/** What deliveries found out of where their recipients are. */
export type FoundConnection = {
  message: { recipient: RecipientKey; channel: { id: string } };
  connection: JsonObject;
};

/** Looks a user up before their message is made, and keeps what was found: nobody found is no message (CH-175, E-186). */
export async function answerConnection(
  context: EngineContext<RecipientStore>,
  { recipient, channel, lookup: { email, token } }: Extract<Need, { kind: "connection" }>,
  now: number,
): Promise<FoundUser> {
  const found = (await context.providerFor(channel)?.findUser?.(email, token, channel)) ?? null;
  if (found !== null && "connection" in found)
    await storeConnections(context, [{ message: { recipient, channel }, connection: found.connection }], now);
  return found;
}

/** Keeps a connection for a recipient who still has none, so that it is not asked for again (CH-175, E-186). */
export async function storeConnections(
  { store }: EngineContext<RecipientStore>,
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
