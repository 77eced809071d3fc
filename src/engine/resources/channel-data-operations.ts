import type { RecipientReference } from "../../domain/recipient/recipient.js";
import { expandChannelData, parseChannelData } from "../../domain/request/parse-channel-data.js";
import { parseReferenceKey } from "../../domain/request/parse-recipient-key.js";
import type { ChannelDataOperations } from "../../ports/resource-operations.js";
import type { JsonObject } from "../../util/json.js";
import { resolveChannelId } from "../channel/find-channel.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { runCausedWork } from "../run/run-due-work.js";

/** Returns the API's `ChannelData`. */
function serializeChannelData(id: string, data: JsonObject): JsonObject {
  return { __typename: "ChannelData", channel_id: id, data: expandChannelData(data) };
}

export function createChannelDataOperations(context: EngineContext<DueWorkStore>): ChannelDataOperations {
  const resolveChannel = async (name: string) => resolveChannelId(await context.definitions.environment(), name);
  const write = async (recipient: RecipientReference, channel_id: string, data: JsonObject | null): Promise<number> => {
    const now = await readTime(context);
    const { replaced, caused } = await context.store.writeChannelData(
      [{ recipient: parseReferenceKey(recipient), channel_id, data }],
      now,
    );
    await runCausedWork(context, now, caused);
    return replaced;
  };
  return {
    async read(recipient, channel) {
      const { id } = await resolveChannel(channel);
      const key = parseReferenceKey(recipient);
      const data = (await context.store.readRecipients([key])).get(key)?.channel_data ?? {};
      return Object.hasOwn(data, id) ? serializeChannelData(id, data[id] as JsonObject) : null;
    },
    async set(recipient, channel, body) {
      const { id, type } = await resolveChannel(channel);
      const data = parseChannelData(body, type);
      await write(recipient, id, data);
      return serializeChannelData(id, data);
    },
    async delete(recipient, channel) {
      const { id } = await resolveChannel(channel);
      return (await write(recipient, id, null)) > 0;
    },
  };
}
