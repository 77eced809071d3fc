import { collectUnsetSecretWarnings } from "../../domain/environment/secret-variables.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Project } from "../../project/open-project.js";

/**
 * Reads the warnings about all of a project's files, one line each. Skips workflows with errors, which are reported
 * elsewhere.
 */
export async function readFileWarnings(
  project: Project,
  readVariable: (name: string) => string | undefined,
): Promise<string[]> {
  const warnings = await project.readProjectWarnings();
  warnings.push(...collectUnsetSecretWarnings(await project.environment(), readVariable));
  for (const key of await project.workflowKeys()) {
    try {
      if (!project.hasReadWorkflow(key)) await project.workflow(key);
    } catch (error) {
      if (error instanceof KnockError) continue;
      throw error;
    }
    warnings.push(...project.getWorkflowWarnings(key));
  }
  return warnings;
}
