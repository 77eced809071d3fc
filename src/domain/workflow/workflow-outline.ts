import { type ConditionGroup, type ConditionNode, isCondition } from "../condition/condition.js";
import { describeComparison, type EvaluatedCondition, formatConditionValue } from "../condition/evaluated-condition.js";
import type { Step } from "../step/step.js";
import { isChannelStep } from "../step-types/channel-step.js";
import { getStepDefinition } from "../step-types/step-definitions.js";
import { getBranches } from "../step-types/walk-steps.js";
import type { Workflow } from "./workflow.js";

/** One comparison, such as `data.plan equal_to "pro"`. */
export interface OutlineCondition {
  text: string;
  /** The result in a run; null if the run did not evaluate it. Absent without a run. */
  result?: boolean | null;
  /** The compared value as text, if the run evaluated the condition. */
  value?: string;
}

/** Conditions that must all be true, or of which one must be. */
export interface OutlineGroup {
  match: "all" | "any";
  conditions: (OutlineCondition | OutlineGroup)[];
}

export interface OutlineBranch {
  name: string;
  /** The share of runs, such as `12.5 %`, for a random cohort; otherwise null. */
  share: string | null;
  is_default: boolean;
  /** Whether the run ends after the steps of the branch. */
  terminates: boolean;
  conditions: OutlineGroup | null;
  steps: OutlineStep[];
}

/** A step with everything that a diagram of the workflow shows. */
export interface OutlineStep {
  ref: string;
  name: string | null;
  type: string;
  channel_type: string | null;
  /** The most important settings in a few words, or null. */
  summary: string | null;
  conditions: OutlineGroup | null;
  branches: OutlineBranch[];
}

/** The structure of a workflow, with the conditions of the trigger, of steps and of branches as text. */
export interface WorkflowOutline {
  conditions: OutlineGroup | null;
  steps: OutlineStep[];
}

/** The conditions that a run evaluated, in the order of the file. */
interface EvaluatedConditions {
  trigger: readonly EvaluatedCondition[];
  /** The conditions by step ref. The conditions of a branch step are those of its branches, in order. */
  steps: ReadonlyMap<string, readonly EvaluatedCondition[]>;
}

/** Returns the value of an argument that contains JSON, which the engine also decodes, and other arguments unchanged. */
function decodeArgument(argument: unknown): unknown {
  if (typeof argument !== "string") return argument;
  try {
    return JSON.parse(argument);
  } catch {
    return argument;
  }
}

/** Returns a node of a group. Takes its evaluated conditions, which a run logs in the order of the file, from `log`. */
function outlineNode(node: ConditionNode, log: EvaluatedCondition[] | null): OutlineCondition | OutlineGroup {
  if (!isCondition(node)) return outlineGroup(node, log) ?? { match: "all", conditions: [] };
  const evaluated = log?.shift();
  const { variable, operator } = node;
  const text = describeComparison({
    variable,
    operator,
    argument: evaluated?.argument ?? decodeArgument(node.argument),
  });
  if (log === null) return { text };
  if (evaluated === undefined || evaluated.result === null) return { text, result: null };
  return { text, result: evaluated.result, value: formatConditionValue(evaluated.value) };
}

function outlineGroup(group: ConditionGroup | null, log: EvaluatedCondition[] | null): OutlineGroup | null {
  if (group === null) return null;
  const match = "any" in group ? "any" : "all";
  const nodes: readonly ConditionNode[] = "any" in group ? group.any : "all" in group ? group.all : [];
  return nodes.length === 0 ? null : { match, conditions: nodes.map((node) => outlineNode(node, log)) };
}

/** A branch of a step type that describes none. */
const PLAIN_BRANCH = { noun: "branch", share: null, isDefault: false, conditions: null };

function outlineStep(step: Step, evaluated: EvaluatedConditions | null): OutlineStep {
  const log = evaluated === null ? null : [...(evaluated.steps.get(step.ref) ?? [])];
  const definition = getStepDefinition(step);
  return {
    ref: step.ref,
    name: step.name,
    type: step.type,
    channel_type: isChannelStep(step) ? step.channel_type : null,
    summary: definition.summarize?.(step) ?? null,
    conditions: outlineGroup(step.conditions, log),
    branches: getBranches(step).map((branch, index) => {
      const { noun, share, isDefault, conditions } = definition.describeBranch?.(step, index) ?? PLAIN_BRANCH;
      return {
        name: branch.name ?? (isDefault ? "default" : `${noun} ${index + 1}`),
        share,
        is_default: isDefault,
        terminates: branch.terminates,
        conditions: outlineGroup(conditions, log),
        steps: branch.steps.map((inner) => outlineStep(inner, evaluated)),
      };
    }),
  };
}

/** Builds the outline of a workflow. With `evaluated`, its conditions have the results and values of that run. */
export function buildWorkflowOutline(
  { conditions, steps }: Pick<Workflow, "conditions" | "steps">,
  evaluated: EvaluatedConditions | null = null,
): WorkflowOutline {
  return {
    conditions: outlineGroup(conditions, evaluated === null ? null : [...evaluated.trigger]),
    steps: steps.map((step) => outlineStep(step, evaluated)),
  };
}
