import type { Workflow } from "../../domain/workflow/workflow.js";
import { buildWorkflowView, type WorkflowProblem, type WorkflowView } from "../../domain/workflow/workflow-view.js";
import { compileWorkflow } from "../../engine/compile/compile-workflow.js";
import { isWorkflowActive } from "../../engine/context/engine-context.js";
import { KnockError } from "../../errors/knock-error.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { Project } from "../../project/open-project.js";
import { didYouMean } from "../../util/find-nearest.js";

/** Reads a workflow with everything that it refers to, and returns its problems. */
export async function readWorkflow(
  key: string,
  project: Project,
): Promise<{ workflow: Workflow | null; problems: WorkflowProblem[] }> {
  const problems: WorkflowProblem[] = [];
  let workflow: Workflow | null = null;
  try {
    workflow = await project.workflow(key);
    const compiled = workflow === null ? null : await compileWorkflow(workflow, project);
    if (compiled?.sharedError) throw compiled.sharedError;
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    problems.push({ severity: "error", message: error.message });
  }
  for (const message of project.getWorkflowWarnings(key)) problems.push({ severity: "warning", message });
  return { workflow, problems };
}

/**
 * Reads the workflows of a project with their newest runs and problems, or only the workflow `key` if it is given.
 * Throws `workflow_missing` if that one does not exist.
 */
export async function readWorkflowViews(
  project: Project,
  operations: LocalOperations,
  key: string | null,
): Promise<WorkflowView[]> {
  const keys = await project.workflowKeys();
  if (key !== null && !keys.includes(key))
    throw new KnockError("workflow_missing", `there is no workflow "${key}"`, {
      hint: didYouMean(key, keys, "Workflows"),
    });
  const environment = await project.environment();
  const views: WorkflowView[] = [];
  for (const workflowKey of key === null ? keys : [key]) {
    const { workflow, problems } = await readWorkflow(workflowKey, project);
    const { items } = await operations.listRecipientRuns({ workflow: workflowKey }, { limit: 1 });
    views.push(
      buildWorkflowView(workflowKey, workflow, {
        active: workflow === null ? null : isWorkflowActive(workflow, environment),
        last_run: items[0] ?? null,
        problems,
      }),
    );
  }
  return views;
}
