import type * as z from "zod/mini";
import type { Step } from "../step/step.js";
import { isChannelStep } from "../steps/channel-step.js";
import { getBranches } from "../steps/walk-steps.js";
import type { Workflow } from "./workflow.js";
import type { stepViewSchema, workflowProblemSchema, workflowViewSchema } from "./workflow-view-schema.js";

/** A step as `knock workflows` shows it. */
export type StepView = z.infer<typeof stepViewSchema>;

/** A problem in a workflow's files. An error prevents triggers, a warning does not. */
export type WorkflowProblem = z.infer<typeof workflowProblemSchema>;

/** A workflow of the project as `knock workflows` shows it. For an invalid file, unknown values are null. */
export type WorkflowView = z.infer<typeof workflowViewSchema>;

function toStepView(step: Step): StepView {
  const { ref, type } = step;
  if (isChannelStep(step))
    return { ref, type, channel_type: step.channel_type, channel: step.channel_key ?? step.channel_group_key };
  const branches = getBranches(step);
  if (branches.length === 0) return { ref, type };
  return { ref, type, branches: branches.map(({ name, steps }) => ({ name, steps: steps.map(toStepView) })) };
}

/** Builds the view of a workflow. `workflow` is null for an invalid file. */
export function buildWorkflowView(
  key: string,
  workflow: Workflow | null,
  rest: Pick<WorkflowView, "active" | "last_run" | "problems">,
): WorkflowView {
  return {
    key,
    name: workflow?.name ?? null,
    categories: workflow?.categories ?? [],
    active: rest.active,
    trigger_frequency: workflow?.trigger_frequency ?? null,
    trigger: workflow?.trigger ?? null,
    trigger_data_json_schema: workflow?.trigger_data_json_schema ?? null,
    steps: (workflow?.steps ?? []).map(toStepView),
    last_run: rest.last_run,
    problems: rest.problems,
  };
}
