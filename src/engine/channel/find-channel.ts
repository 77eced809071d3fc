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

/** A declared channel by its key or id, or null: a workflow may use a channel that nobody declared. */
export function findChannel(environment: Environment, name: string): Channel | null {
  return listDeclaredChannels(environment).find((channel) => channel.key === name || channel.id === name) ?? null;
}

/** The id a channel's data is kept under. Of an undeclared channel the key says it; an id could be anything. */
export function resolveChannelId(environment: Environment, name: string): { id: string; type: ChannelType | null } {
  const channel = findChannel(environment, name);
  if (channel !== null) return channel;
  if (isUuid(name)) {
    throw createInvalidChannelError(
      name,
      "is declared nowhere",
      listDeclaredChannels(environment).map(({ key }) => key),
    );
  }
  return { id: getChannelId(name), type: null };
}

/** Refuses a declared channel that is no feed (AC-225). */
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
