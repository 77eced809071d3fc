import { join } from "node:path";
import { type ProjectRecord, toProjectName } from "../ports/due-work.js";
import { listFolders } from "../project/list-folder.js";
import type { Project } from "../project/open-project.js";
import { computeProjectDigest } from "../project/project-digest.js";

/** Files are read again after this time. The digest of 1,000 workflows takes 60 ms. */
const MAX_AGE_MS = 10_000;

/** Lists the channels, workflows and versions of a project and its branches. Invalid files have none. */
async function listNames(project: Project): Promise<string[]> {
  const { channels } = await project.environment();
  const branches = listFolders(join(project.knockDir, "branches")).map((slug) => project.branch(slug));
  const names = new Set(Object.keys(channels).map((key) => toProjectName("channel", key)));
  for (const files of [project, ...branches])
    for (const key of (await files?.workflowKeys()) ?? []) {
      names.add(toProjectName("workflow", key));
      const workflow = await files?.workflow(key).catch(() => null);
      if (workflow) names.add(toProjectName("version", workflow.version_id));
    }
  return [...names];
}

/**
 * Returns a function that reads what a process records about its project. It follows changed files, and returns the last record
 * while they cannot be read: the program reports such files when it needs them.
 */
export function followProjectRecord(project: Project): () => Promise<ProjectRecord> {
  let record: ProjectRecord = { digest: "unreadable", names: [] };
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - readAt < MAX_AGE_MS) return record;
    readAt = performance.now();
    try {
      const digest = computeProjectDigest(project);
      if (digest !== record.digest) record = { digest, names: await listNames(project) };
    } catch {}
    return record;
  };
}
