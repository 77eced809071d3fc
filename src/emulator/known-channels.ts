import type { Channel } from "../domain/environment/environment.js";
import { hasTrait } from "../domain/message/channel-types.js";
import { projectChannels } from "../domain/project/project-channels.js";
import type { EmulatorOptions } from "./emulator-options.js";
import { ApiError, missing } from "./http/api-error.js";

export type ChannelSource = Pick<EmulatorOptions, "definitions" | "environment">;

type Workflows = EmulatorOptions["definitions"];

/** Returns the main files and those of every branch. */
export function everywhere(definitions: Workflows): Workflows[] {
  return [definitions, ...(definitions.branches?.() ?? []).flatMap((slug) => definitions.branch?.(slug) ?? [])];
}

/** Returns every channel that the environment declares or a workflow uses. Workflows that cannot be read are left out. */
export async function knownChannels({ definitions, environment }: ChannelSource): Promise<Channel[]> {
  const workflows = await Promise.all(
    everywhere(definitions).map(async (one) => {
      const keys = await one.workflowKeys();
      return Promise.all(keys.map((key) => one.workflow(key).catch(() => null)));
    }),
  );
  return projectChannels(
    await environment(),
    workflows.flat().filter((workflow) => workflow !== null),
  );
}

function named(channels: readonly (Channel | null)[], name: string): Channel | undefined {
  return channels.find((one) => one?.id === name || one?.key === name) ?? undefined;
}

/** Throws 404 unless a name is the id or key of a channel, and 422 unless that is an in-app feed (AC-224, AC-225). */
export async function requireFeed(source: ChannelSource, name: string): Promise<void> {
  const { channels } = await source.environment();
  // Workflows are read only for a channel that the environment does not declare.
  const channel = named(Object.values(channels), name) ?? named(await knownChannels(source), name);
  if (channel === undefined) throw missing(`There is no channel ${JSON.stringify(name)}`);
  if (hasTrait(channel.type, "isFeed")) return;
  const message = `The channel ${channel.key} is of type ${channel.type}, not an in-app feed`;
  throw new ApiError(422, "channel_invalid", message);
}
