import type { Channel } from "../../../domain/environment/environment.js";
import { hasTrait } from "../../../domain/message/channel-types.js";
import { listKnownChannels } from "../../../ports/known-channels.js";
import type { EmulatorOptions } from "./emulator-options.js";
import { ApiError, createNotFoundError } from "./http/api-error.js";

type ChannelSource = Pick<EmulatorOptions, "definitions" | "environment">;

function findChannel(channels: readonly (Channel | null)[], name: string): Channel | undefined {
  return channels.find((channel) => channel?.id === name || channel?.key === name) ?? undefined;
}

/** Returns the channel with an ID or key. Throws 404 for an unknown one (AC-224). */
export async function requireChannel(source: ChannelSource, name: string): Promise<Channel> {
  const { channels } = await source.environment();
  // Workflows are read only if the environment does not declare the channel.
  const channel = findChannel(Object.values(channels), name) ?? findChannel(await listKnownChannels(source), name);
  if (channel === undefined) throw createNotFoundError(`There is no channel ${JSON.stringify(name)}`);
  return channel;
}

/** Throws 404 unless a name is the ID or key of a channel, and 422 unless that channel is an in-app feed (AC-225). */
export async function checkFeedChannel(source: ChannelSource, name: string): Promise<void> {
  const channel = await requireChannel(source, name);
  if (hasTrait(channel.type, "isFeed")) return;
  const message = `The channel ${channel.key} is of type ${channel.type}, not an in-app feed`;
  throw new ApiError(422, "channel_invalid", message);
}
