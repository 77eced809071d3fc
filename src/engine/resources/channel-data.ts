import { keyOf, type RecipientReference } from "../../domain/recipient/recipient.js";
import { fullChannelData, parseChannelData } from "../../domain/request/channel-data.js";
import type { ChannelDataOperations } from "../../ports/resources.js";
import type { JsonObject } from "../../util/json.js";
import { channelIdFor } from "../channel/find-channel.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { runNews } from "../run/due-work.js";

/** The API's `ChannelData`. */
function channelDataShape(id: string, data: JsonObject): JsonObject {
  return { __typename: "ChannelData", channel_id: id, data: fullChannelData(data) };
}

export function channelDataOperations(context: EngineContext<DueWorkStore>): ChannelDataOperations {
  const channelOf = async (name: string) => channelIdFor(await context.definitions.environment(), name);
  const write = async (recipient: RecipientReference, channel_id: string, data: JsonObject | null): Promise<number> => {
    const now = await readTime(context);
    const written = await context.store.writeChannelData([{ recipient: keyOf(recipient), channel_id, data }], now);
    await runNews(context, now);
    return written;
  };
  return {
    async read(recipient, channel) {
      const { id } = await channelOf(channel);
      const key = keyOf(recipient);
      const data = (await context.store.readRecipients([key])).get(key)?.channel_data ?? {};
      return Object.hasOwn(data, id) ? channelDataShape(id, data[id] as JsonObject) : null;
    },
    async set(recipient, channel, body) {
      const { id, type } = await channelOf(channel);
      const data = parseChannelData(body, type);
      await write(recipient, id, data);
      return channelDataShape(id, data);
    },
    async delete(recipient, channel) {
      const { id } = await channelOf(channel);
      return (await write(recipient, id, null)) > 0;
    },
  };
}
