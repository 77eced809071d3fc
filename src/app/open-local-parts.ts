import type { LocalParts } from "../commands/services.js";
import type { Output } from "../output/output.js";
import type { Project } from "../project/open-project.js";
import { openBroadcasts } from "./open-broadcasts.js";
import { localEngine, openProjectStore } from "./open-local.js";
import { openSources } from "./open-sources.js";
import type { Surroundings } from "./surroundings.js";

/** The embedded engine with what stands beside it: what a project's sources send, and its broadcasts. */
export async function openLocalParts(
  project: Project,
  location: string,
  surroundings: Surroundings,
  output: Output,
): Promise<LocalParts> {
  const store = await openProjectStore(project, location);
  const operations = localEngine(project, store, surroundings, { warn: (text) => output.warn(text) });
  const { sources: log, broadcasts } = await store.openLogs();
  const opened = { project, definitions: project, operations, log };
  return {
    operations,
    sources: openSources(opened, surroundings.cwd, output, surroundings.env),
    broadcasts: openBroadcasts(project, operations, store, broadcasts, surroundings.cwd),
  };
}
