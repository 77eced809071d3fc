import type { GuideSet } from "../../domain/guide/guide.js";
import type { Project } from "../../project/open-project.js";
import { readGuides } from "../../project/read-guides.js";
import type { FollowedProject } from "./followed-project.js";

/** Returns a function that reads a project's guides, and reads each version of the project's files only once. */
export function createGuideReader(getFollowed: () => FollowedProject, cwd: string): () => Promise<GuideSet> {
  const sets = new WeakMap<Project, Promise<GuideSet>>();
  const read = (followed: FollowedProject, project: Project): Promise<GuideSet> =>
    followed.readSettled("guides", async () => readGuides(project, await followed.definitions.environment(), cwd));
  return () => {
    const followed = getFollowed();
    const project = followed.current;
    const cached = sets.get(project) ?? read(followed, project);
    sets.set(project, cached);
    return cached;
  };
}
