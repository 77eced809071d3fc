import { type BroadcastContext, createBroadcastOperations } from "../engine/broadcasts/broadcast-operations.js";
import type { BroadcastLog, BroadcastOperations } from "../ports/broadcast-service.js";
import type { LocalOperations } from "../ports/operations.js";
import type { Project } from "../project/open-project.js";
import { openProjectBroadcasts } from "../project/project-broadcasts.js";
import { systemIds } from "../util/ids.js";

/** Opens a project's broadcasts on an engine and its store. */
export function openBroadcasts(
  project: Project,
  operations: LocalOperations,
  store: BroadcastContext["store"],
  log: BroadcastLog,
  cwd: string,
): BroadcastOperations {
  return createBroadcastOperations({
    operations,
    definitions: project,
    store,
    log,
    files: openProjectBroadcasts(project, cwd, project),
    ids: systemIds,
  });
}
