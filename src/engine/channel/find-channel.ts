import { type Channel, type Environment, getChannelId } from "../../domain/environment/environment.js";
import { type ChannelType, hasTrait } from "../../domain/message/channel-types.js";
import { KnockError } from "../../errors/knock-error.js";
import { didYouMean } from "../../util/find-nearest.js";
import { isUuid } from "../../util/ids.js";

function listDeclaredChannels({ channels }: Environment): Channel[] {
  return Object.values(channels).filter((channel) => channel !== null);
}

export function createInvalidChannelError(name: string, message: string, known: readonly string[]): KnockError {
  return new KnockError("channel_invalid", `the channel ${JSON.stringify(name)} ${message}`, {
    details: [{ pointer: "/channel_id", message, value: name }],
    hint: didYouMean(name, known, "Channels"),
  });
}

/** Returns the declared channel with this key or id, or null: a workflow may use an undeclared channel. */
export function findChannel(environment: Environment, name: string): Channel | null {
  return listDeclaredChannels(environment).find((channel) => channel.key === name || channel.id === name) ?? null;
}

/**
 * Returns the id under which a channel's data is stored. The id of an undeclared channel is derived from its key.
 * Throws `channel_invalid` for an undeclared id, which could mean anything.
 */
export function resolveChannelId(environment: Environment, name: string): { id: string; type: ChannelType | null } {
  const channel = findChannel(environment, name);
  if (channel !== null) return channel;
  if (isUuid(name)) {
    throw createInvalidChannelError(
      name,
      "is not declared",
      listDeclaredChannels(environment).map(({ key }) => key),
    );
  }
  return { id: getChannelId(name), type: null };
}

/** Throws `channel_invalid` for a declared channel that is not an in-app feed (AC-225). */
export function checkFeedChannel(environment: Environment, name: string): void {
  const channel = findChannel(environment, name);
  if (channel === null || hasTrait(channel.type, "isFeed")) return;
  const feeds = listDeclaredChannels(environment).filter(({ type }) => hasTrait(type, "isFeed"));
  throw createInvalidChannelError(
    name,
    `is of type ${channel.type}, not an in-app feed`,
    feeds.map(({ key }) => key),
  );
}
