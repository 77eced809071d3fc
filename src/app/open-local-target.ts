import type { LocalTarget } from "../commands/services.js";
import type { Output } from "../output/output.js";
import type { Project } from "../project/open-project.js";
import type { GuardDeliveries } from "./guard-deliveries.js";
import { openBroadcasts } from "./open-broadcasts.js";
import { createLocalEngine, openProjectStore } from "./open-local-engine.js";
import { openSources } from "./open-sources.js";
import type { ProcessIO } from "./process-io.js";

/** Opens the embedded engine together with the project's sources and broadcasts. */
export async function openLocalTarget(
  project: Project,
  location: string,
  io: ProcessIO,
  output: Output,
  guardDeliveries: GuardDeliveries | null,
): Promise<LocalTarget> {
  const store = await openProjectStore(project, location);
  const operations = createLocalEngine(project, store, io, { warn: (text) => output.warn(text), guardDeliveries });
  const { sources: log, broadcasts } = await store.openLogs();
  const sourceContext = { project, definitions: project, operations, log };
  return {
    operations,
    sources: openSources(sourceContext, io.cwd, output, io.env),
    broadcasts: openBroadcasts(project, operations, store, broadcasts, io.cwd),
  };
}
