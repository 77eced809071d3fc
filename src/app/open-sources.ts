import { sourceOperations } from "../engine/sources/source-operations.js";
import type { Output } from "../output/output.js";
import type { Definitions } from "../ports/definitions.js";
import type { LocalOperations } from "../ports/operations.js";
import type { SourceLog, SourceOperations } from "../ports/sources.js";
import type { ProjectLocation } from "../project/find-project.js";
import { projectSources } from "../project/read-sources.js";
import { systemIds } from "../util/ids.js";

interface Opened {
  project: Pick<ProjectLocation, "knockDir">;
  definitions: Pick<Definitions, "workflow" | "workflowKeys">;
  operations: LocalOperations;
  log: SourceLog;
}

/** A project's sources over an engine and its store. */
export function openSources(
  { project, definitions, operations, log }: Opened,
  cwd: string,
  output: Output,
  env: Readonly<Record<string, string | undefined>>,
): SourceOperations {
  return sourceOperations({
    operations,
    definitions,
    files: projectSources(project, cwd),
    log,
    ids: systemIds,
    realNow: Date.now,
    warn: (text) => output.warn(text),
    readVariable: (name) => env[name],
  });
}
