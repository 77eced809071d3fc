import type * as z from "zod/mini";
import type { Step } from "../step/step.js";
import { isChannelStep } from "../step-types/channel-step.js";
import { getBranches } from "../step-types/walk-steps.js";
import type { Workflow } from "./workflow.js";
import { buildWorkflowOutline, type OutlineGroup, type OutlineStep } from "./workflow-outline.js";
import type { stepViewSchema, workflowProblemSchema, workflowViewSchema } from "./workflow-view-schema.js";

/** A step as `knock workflows` shows it. */
export type StepView = z.infer<typeof stepViewSchema>;

/** A problem in a workflow's files. An error prevents triggers, a warning does not. */
export type WorkflowProblem = z.infer<typeof workflowProblemSchema>;

/** A workflow of the project as `knock workflows` shows it. For an invalid file, unknown values are null. */
export type WorkflowView = z.infer<typeof workflowViewSchema>;

/** Formats a group of conditions in one line: `data.a exists and (data.b exists or data.c exists)`. Null has none. */
function formatConditions(group: OutlineGroup | null): string | null {
  if (group === null) return null;
  const texts = group.conditions.map((node) => {
    if ("text" in node) return node.text;
    const text = formatConditions(node) ?? "";
    return node.conditions.length > 1 ? `(${text})` : text;
  });
  return texts.join(group.match === "any" ? " or " : " and ");
}

function toStepView(step: Step, { summary, conditions, branches: outlined }: OutlineStep): StepView {
  const { ref, type } = step;
  const common = { ref, type, summary, conditions: formatConditions(conditions) };
  if (isChannelStep(step)) {
    // The summary of a channel step is its channel.
    const { channel_type, channel_key, channel_group_key } = step;
    return { ...common, summary: null, channel_type, channel: channel_key ?? channel_group_key };
  }
  const branches = getBranches(step).map(({ name, steps }, index) => ({
    name,
    conditions: formatConditions(outlined[index]?.conditions ?? null),
    steps: toStepViews(steps, outlined[index]?.steps ?? []),
  }));
  return branches.length === 0 ? common : { ...common, branches };
}

/** Returns the views of steps. The outline has the same steps in the same order. */
const toStepViews = (steps: readonly Step[], outline: readonly OutlineStep[]): StepView[] =>
  steps.map((step, index) => toStepView(step, outline[index] as OutlineStep));

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
    steps: workflow === null ? [] : toStepViews(workflow.steps, buildWorkflowOutline(workflow).steps),
    last_run: rest.last_run,
    problems: rest.problems,
  };
}
