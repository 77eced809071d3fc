import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { walkSteps } from "../domain/workflow/workflow.js";
import { KnockError } from "../errors/knock-error.js";
import type { Project } from "../project/open-project.js";

/**
 * Returns the names by which rules may refer to steps of workflows: refs, channel types, keys of channels and channel groups. `keys`
 * null stands for every workflow. Returns null where one of them is missing or cannot be read.
 */
export async function readStepNames(project: Project, keys: readonly string[] | null): Promise<string[] | null> {
  if (keys !== null) return readNames(project, keys);
  const names: string[] = [];
  for (const files of [project, ...branchesOf(project)]) {
    const own = await readNames(files, await files.workflowKeys());
    if (own === null) return null;
    names.push(...own);
  }
  return names;
}

/** A run of a branch goes on with its files, whichever branch is selected. */
function branchesOf(project: Project): Project[] {
  const folder = join(project.knockDir, "branches");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((slug) => project.branch(slug) ?? []);
}

async function readNames(project: Project, keys: readonly string[]): Promise<string[] | null> {
  const names = new Set<string>();
  for (const key of keys) {
    const steps = await readSteps(project, key);
    if (steps === null) return null;
    for (const { step } of walkSteps(steps)) {
      names.add(step.ref);
      if (step.type !== "channel") continue;
      for (const name of [step.channel_type, step.channel_key, step.channel_group_key])
        if (name !== null) names.add(name);
      if (step.channel_type === "in_app_feed") names.add("in-app");
    }
  }
  return [...names];
}

async function readSteps(project: Project, key: string) {
  try {
    return (await project.workflow(key))?.steps ?? null;
  } catch (error) {
    if (error instanceof KnockError) return null;
    throw error;
  }
}
