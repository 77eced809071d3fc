import type { GuideSet } from "../domain/guide/guide.js";
import type { Output } from "../output/output.js";
import type { Project } from "../project/open-project.js";
import { readGuides } from "../project/read-guides.js";
import type { FollowedProject } from "./followed-project.js";

/** A project's guides, each state of its files read once; what has no effect in them is told once. */
export function guidesOf(followed: FollowedProject, cwd: string, output: Output): () => Promise<GuideSet> {
  const sets = new WeakMap<Project, Promise<GuideSet>>();
  const told = new Set<string>();
  const read = async (project: Project): Promise<GuideSet> => {
    const set = await readGuides(project, await followed.definitions.environment(), cwd);
    for (const text of set.warnings) if (!told.has(text)) output.warn(text);
    for (const text of set.warnings) told.add(text);
    return set;
  };
  return () => {
    const project = followed.current;
    const known = sets.get(project) ?? read(project);
    sets.set(project, known);
    return known;
  };
}
