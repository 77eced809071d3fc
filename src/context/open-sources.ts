import { createSourceOperations } from "../engine/sources/source-operations.js";
import type { Output } from "../output/output.js";
import type { Definitions } from "../ports/definitions.js";
import type { LocalOperations } from "../ports/operations.js";
import type { SourceLog, SourceOperations } from "../ports/source-service.js";
import type { ProjectLocation } from "../project/find-project.js";
import { openProjectSources } from "../project/project-sources.js";
import { systemIds } from "../util/ids.js";

interface SourceContext {
  project: Pick<ProjectLocation, "knockDir">;
  definitions: Pick<Definitions, "workflow" | "workflowKeys">;
  operations: LocalOperations;
  log: SourceLog;
}

/** Opens a project's sources on an engine and its store. */
export function openSources(
  { project, definitions, operations, log }: SourceContext,
  cwd: string,
  output: Pick<Output, "warn">,
  env: Readonly<Record<string, string | undefined>>,
): SourceOperations {
  return createSourceOperations({
    operations,
    definitions,
    files: openProjectSources(project, cwd),
    log,
    ids: systemIds,
    warn: (text) => output.warn(text),
    readVariable: (name) => env[name],
  });
}
