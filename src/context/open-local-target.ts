import { type BroadcastContext, createBroadcastOperations } from "../engine/broadcasts/broadcast-operations.js";
import type { BroadcastLog, BroadcastOperations } from "../ports/broadcast-service.js";
import type { LocalOperations } from "../ports/operations.js";
import type { SourceOperations } from "../ports/source-service.js";
import type { Project } from "../project/open-project.js";
import { openProjectBroadcasts } from "../project/project-broadcasts.js";
import { systemIds } from "../util/ids.js";
import type { CommandContext } from "./command-context.js";
import { createLocalEngine } from "./create-local-engine.js";
import { openProjectStore } from "./open-project-store.js";
import { openSources } from "./open-sources.js";
import type { TargetFlags } from "./target-flags.js";

/** The embedded engine with a project's sources and broadcasts. */
export interface LocalTarget {
  operations: LocalOperations;
  sources: SourceOperations;
  broadcasts: BroadcastOperations;
}

/** Opens a project's broadcasts on an engine and its store. */
function openBroadcasts(
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

/** Opens the embedded engine together with the project's sources and broadcasts. */
export async function openLocalTarget(
  { target, io, output }: CommandContext,
  flags: TargetFlags,
): Promise<LocalTarget> {
  const { project, location, guardDeliveries } = await target.locate(flags);
  const store = await openProjectStore(project, location);
  const operations = createLocalEngine(project, store, io, { warn: (text) => output.warn(text), guardDeliveries });
  target.track(operations);
  const { sources: log, broadcasts } = await store.openLogs();
  const sourceContext = { project, definitions: project, operations, log };
  return {
    operations,
    sources: openSources(sourceContext, io.cwd, output, io.env),
    broadcasts: openBroadcasts(project, operations, store, broadcasts, io.cwd),
  };
}
