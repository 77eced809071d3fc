import { type BroadcastParts, broadcastOperations } from "../engine/broadcasts/broadcast-operations.js";
import type { BroadcastLog, BroadcastOperations } from "../ports/broadcasts.js";
import type { LocalOperations } from "../ports/operations.js";
import type { Project } from "../project/open-project.js";
import { projectBroadcasts } from "../project/read-broadcasts.js";
import { systemIds } from "../util/ids.js";

/** A project's broadcasts over an engine and its store. */
export function openBroadcasts(
  project: Project,
  operations: LocalOperations,
  store: BroadcastParts["store"],
  log: BroadcastLog,
  cwd: string,
): BroadcastOperations {
  return broadcastOperations({
    operations,
    definitions: project,
    store,
    log,
    files: projectBroadcasts(project, cwd, project),
    ids: systemIds,
    realNow: Date.now,
  });
}
