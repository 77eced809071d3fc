import type { Channel, Environment } from "../domain/environment/environment.js";
import { listProjectChannels } from "../domain/project/list-project-channels.js";
import type { Definitions } from "./definitions.js";

type DefinitionSource = Pick<Definitions, "workflow" | "workflowKeys" | "branch" | "branches">;

interface ChannelSource {
  definitions: DefinitionSource;
  environment(): Promise<Environment>;
}

/** Returns the definitions of the main files and of every branch. */
export function listDefinitionSources(definitions: DefinitionSource): DefinitionSource[] {
  return [definitions, ...(definitions.branches?.() ?? []).flatMap((slug) => definitions.branch?.(slug) ?? [])];
}

/** Returns every channel that the environment declares or a workflow uses. Invalid workflows are ignored. */
export async function listKnownChannels({ definitions, environment }: ChannelSource): Promise<Channel[]> {
  const workflows = await Promise.all(
    listDefinitionSources(definitions).map(async (source) => {
      const keys = await source.workflowKeys();
      return Promise.all(keys.map((key) => source.workflow(key).catch(() => null)));
    }),
  );
  return listProjectChannels(
    await environment(),
    workflows.flat().filter((workflow) => workflow !== null),
  );
}
