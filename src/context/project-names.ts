import { join } from "node:path";
import { getChannelId } from "../domain/environment/environment.js";
import { findChannelType } from "../domain/message/channel-types.js";
import type { Step } from "../domain/step/step.js";
import { isChannelStep } from "../domain/step-types/channel-step.js";
import { walkChannelSteps, walkSteps } from "../domain/step-types/walk-steps.js";
import { KnockError } from "../errors/knock-error.js";
import { listFolder } from "../project/list-folder.js";
import type { Project } from "../project/open-project.js";
import { listBranches } from "../project/project-folders.js";

/** The names that lists can be filtered by. */
export interface ProjectNames {
  workflows: readonly string[];
  /** Keys of broadcasts and guides, which messages also name as their workflow. */
  otherSenders: readonly string[];
  channels: readonly { key: string; id: string; type: string | null }[];
}

/** Returns the main files and those of each branch, because stored runs may belong to any of them. */
function listBranchProjects(project: Project): Project[] {
  return [project, ...listBranches(project).flatMap((slug) => project.branch(slug) ?? [])];
}

/** Returns the steps of a workflow, or null if it is missing or cannot be read. */
async function readSteps(project: Project, key: string): Promise<readonly Step[] | null> {
  try {
    return (await project.workflow(key))?.steps ?? null;
  } catch (error) {
    if (error instanceof KnockError) return null;
    throw error;
  }
}

/** Returns the keys of broadcasts and guides, which also send messages. */
export function listOtherSenders({ knockDir }: Project): string[] {
  const displayPath = (path: string): string => path;
  return ["broadcasts", "guides"].flatMap((folder) => listFolder(join(knockDir, folder), displayPath));
}

/** Returns the names of workflows and channels in the project's files, including those of branches. */
export async function readProjectNames(project: Project): Promise<ProjectNames> {
  const otherSenders = listOtherSenders(project);
  const workflows = new Set<string>();
  const declared = (await project.environment()).channels;
  const channels = new Map<string, ProjectNames["channels"][number]>();
  for (const [key, channel] of Object.entries(declared))
    channels.set(key, { key, id: channel?.id ?? getChannelId(key), type: channel?.type ?? null });
  for (const files of listBranchProjects(project)) {
    for (const key of await files.workflowKeys()) {
      workflows.add(key);
      for (const { step } of walkChannelSteps((await readSteps(files, key)) ?? [])) {
        if (step.channel_key === null || channels.has(step.channel_key)) continue;
        const id = getChannelId(step.channel_key);
        channels.set(step.channel_key, { key: step.channel_key, id, type: step.channel_type });
      }
    }
  }
  return { workflows: [...workflows].sort(), otherSenders, channels: [...channels.values()] };
}

/**
 * Returns the names by which rules may refer to steps of workflows: refs, channel types, channel keys and channel group
 * keys. `keys` null means every workflow. Returns null if one of them is missing or cannot be read.
 */
export async function readStepNames(project: Project, keys: readonly string[] | null): Promise<string[] | null> {
  const names = new Set<string>();
  for (const files of keys === null ? listBranchProjects(project) : [project]) {
    for (const key of keys ?? (await files.workflowKeys())) {
      const steps = await readSteps(files, key);
      if (steps === null) return null;
      for (const { step } of walkSteps(steps)) {
        names.add(step.ref);
        if (!isChannelStep(step)) continue;
        for (const name of [step.channel_type, step.channel_key, step.channel_group_key])
          if (name !== null) names.add(name);
        const alias = findChannelType(step.channel_type)?.alias;
        if (alias !== undefined) names.add(alias);
      }
    }
  }
  return [...names];
}
