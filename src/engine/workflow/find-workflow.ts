import type { Environment } from "../../domain/environment/environment.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Definitions } from "../../ports/definitions.js";
import { didYouMean } from "../../util/find-nearest.js";

/** Returns a workflow and the environment. Throws `workflow_missing` (E-017). */
export async function findWorkflow(
  definitions: Definitions,
  key: string,
): Promise<{ workflow: Workflow; environment: Environment }> {
  const [workflow, environment] = await Promise.all([definitions.workflow(key), definitions.environment()]);
  if (workflow === null) {
    throw new KnockError("workflow_missing", `there is no workflow "${key}"`, {
      hint: didYouMean(key, await definitions.workflowKeys(), "Workflows"),
    });
  }
  return { workflow, environment };
}
