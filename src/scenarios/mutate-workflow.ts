import type * as z from "zod/mini";
import {
  type Condition,
  type ConditionGroup,
  type ConditionNode,
  isCondition,
  type Operator,
} from "../domain/condition/condition.js";
import { describeComparison } from "../domain/condition/evaluated-condition.js";
import type { Channel } from "../domain/environment/environment.js";
import type { Step } from "../domain/step/step.js";
import { type Duration, toMilliseconds } from "../domain/step/step-duration.js";
import { formatStepDuration } from "../domain/step/summarize-window.js";
import { isChannelStep } from "../domain/step-types/channel-step.js";
import { getStepDefinition } from "../domain/step-types/step-definitions.js";
import { getBranches } from "../domain/step-types/walk-steps.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { createUuidV5 } from "../util/ids.js";
import { mutateTemplates } from "./mutate-templates.js";
import type { MUTATION_KINDS, mutationReportSchema } from "./mutation-schema.js";
import { type StepCondition, toReportedLocation } from "./step-condition.js";

export type MutationReport = z.infer<typeof mutationReportSchema>;
export type MutantDescription = MutationReport["survivors"][number];

/** A workflow with one deliberate fault, which a scenario should notice. */
export interface Mutant {
  description: MutantDescription;
  workflow: Workflow;
}

/** The namespace of the version IDs of mutants. */
const NAMESPACE = "5f1f8f62-2a0c-4b5f-8f53-0f4a5b0d8c55";

const OPPOSITES: readonly (readonly [Operator, Operator])[] = [
  ["equal_to", "not_equal_to"],
  ["greater_than", "less_than_or_equal_to"],
  ["less_than", "greater_than_or_equal_to"],
  ["contains", "not_contains"],
  ["contains_all", "not_contains_all"],
  ["empty", "not_empty"],
  ["exists", "not_exists"],
  ["is_timestamp", "is_not_timestamp"],
  ["is_timestamp_before", "is_timestamp_on_or_after"],
  ["is_timestamp_before_now", "is_timestamp_on_or_after_now"],
  ["is_timestamp_before_date", "is_timestamp_on_or_after_date"],
  ["is_audience_member", "is_not_audience_member"],
];
const OPPOSITE = new Map(OPPOSITES.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]));

/** The settings that are lengths of time. */
const DURATION_SETTINGS = ["delay_for", "batch_window", "throttle_window", "expires_after"];
const SHORTEST: Duration = { unit: "seconds", value: 1 };

/** A changed part of a workflow, with what was changed. */
interface Change<T> {
  value: T;
  step: string | null;
  kind: (typeof MUTATION_KINDS)[number];
  text: string;
  /** The expectation with which a scenario fails. */
  advice: string;
  /** Where a condition of a template is. */
  location?: StepCondition["location"];
}

const mapChange = <A, B>({ value, ...rest }: Change<A>, build: (value: A) => B): Change<B> => ({
  ...rest,
  value: build(value),
});

/** Returns how a scenario notices that a length of time is shorter. */
function adviseOnDuration(setting: string, step: string, length: string): string {
  const advance = `\`advance\` by less than ${length}`;
  return setting === "throttle_window"
    ? `${advance}, trigger again, and expect \`reason: throttled\` of ${step}`
    : `${advance}, and expect \`${step}: waiting\``;
}

/** Returns the changes of conditions. `effect` is the part of the run that they decide. */
function flipConditions(group: ConditionGroup, step: string | null, effect: string): Change<ConditionGroup>[] {
  const nodes: readonly ConditionNode[] = "any" in group ? group.any : "all" in group ? group.all : [];
  return nodes.flatMap((node, index) => {
    const replaced = (changed: ConditionNode): ConditionGroup => {
      const changedNodes = nodes.map((other, at) => (at === index ? changed : other));
      return "any" in group ? { any: changedNodes } : { all: changedNodes };
    };
    if (!isCondition(node)) return flipConditions(node, step, effect).map((change) => mapChange(change, replaced));
    const operator = OPPOSITE.get(node.operator);
    if (operator === undefined) return [];
    const flipped = { ...node, operator };
    const describe = (value: Condition): string => describeComparison({ argument: undefined, ...value });
    const text = `${describe(node)} becomes ${operator}`;
    const advice = `expect ${effect} when ${describe(node)}`;
    return [{ value: replaced(flipped), step, kind: "condition" as const, text, advice }];
  });
}

/** Returns a step with changed properties of one branch. */
function replaceBranch(step: Step, index: number, properties: object): Step {
  const branches = getBranches(step).map((branch, at) => (at === index ? { ...branch, ...properties } : branch));
  return { ...step, [getStepDefinition(step).branchesField ?? "branches"]: branches };
}

/** Returns a step once for each change of the step itself. Steps inside it are not changed. */
function changeStep(step: Step, channels: readonly Channel[]): Change<Step>[] {
  const { ref } = step;
  const changes: Change<Step>[] = [];
  if (step.conditions !== null)
    for (const change of flipConditions(step.conditions, ref, `the outcome of ${ref}`))
      changes.push(mapChange(change, (conditions) => ({ ...step, conditions })));
  const definition = getStepDefinition(step);
  for (const index of getBranches(step).keys()) {
    const conditions = definition.describeBranch?.(step, index).conditions ?? null;
    for (const change of conditions === null ? [] : flipConditions(conditions, ref, `\`branch\` of ${ref}`))
      changes.push(mapChange(change, (changed) => replaceBranch(step, index, { conditions: changed })));
  }
  if (isChannelStep(step) && step.channel_key !== null) {
    const other = channels.find(({ key, type }) => type === step.channel_type && key !== step.channel_key);
    if (other !== undefined)
      changes.push({
        value: { ...step, channel_key: other.key },
        step: ref,
        kind: "channel",
        text: `sends through ${other.key} instead of ${step.channel_key}`,
        advice: `expect \`messages: [{ step: ${ref}, channel: ${step.channel_key} }]\``,
      });
  }
  const settings: Readonly<Record<string, unknown>> = "settings" in step ? step.settings : {};
  for (const name of DURATION_SETTINGS) {
    if ((toMilliseconds(settings[name]) ?? 0) <= (toMilliseconds(SHORTEST) as number)) continue;
    const length = formatStepDuration(settings[name] as Duration);
    changes.push({
      value: { ...step, settings: { ...settings, [name]: SHORTEST } } as Step,
      step: ref,
      kind: "duration",
      text: `${name} is 1 second instead of ${length}`,
      advice: adviseOnDuration(name, ref, length),
    });
  }
  return changes;
}

/** Returns a step once for each change of the steps inside it. */
function changeInnerSteps(step: Step, channels: readonly Channel[]): Change<Step>[] {
  return getBranches(step).flatMap((branch, index) =>
    changeSteps(branch.steps, channels).map((change) =>
      mapChange(change, (steps) => replaceBranch(step, index, { steps })),
    ),
  );
}

function changeSteps(steps: readonly Step[], channels: readonly Channel[]): Change<Step[]>[] {
  return steps.flatMap((step, index) => [
    {
      value: steps.filter((_, at) => at !== index),
      step: step.ref,
      kind: "step" as const,
      text: "is removed",
      advice: isChannelStep(step)
        ? `expect \`messages: [{ step: ${step.ref} }]\``
        : `expect the outcome of ${step.ref} in \`outcomes\``,
    },
    ...[...changeStep(step, channels), ...changeInnerSteps(step, channels)].map((change) =>
      mapChange(change, (changed) => steps.map((other, at) => (at === index ? changed : other))),
    ),
  ]);
}

/**
 * Returns the mutants of a workflow: each has one condition flipped, step removed, channel swapped, time shortened or
 * condition of a template changed.
 */
export function mutateWorkflow(
  workflow: Workflow,
  channels: readonly Channel[],
  templateConditions: readonly StepCondition[] = [],
): Mutant[] {
  const flipped = workflow.conditions === null ? [] : flipConditions(workflow.conditions, null, "a message");
  const changes: Change<Workflow>[] = [
    ...flipped.map((change) => mapChange(change, (conditions) => ({ ...workflow, conditions }))),
    ...changeSteps(workflow.steps, channels).map((change) => mapChange(change, (steps) => ({ ...workflow, steps }))),
    ...mutateTemplates(workflow, templateConditions).map(({ condition, ...change }) => ({
      ...change,
      step: condition.step,
      kind: "template" as const,
      location: condition.location,
    })),
  ];
  return changes.map(({ value, location = null, ...description }, index) => ({
    description: { workflow: workflow.key, ...description, ...toReportedLocation(location) },
    // Compiled workflows and stored versions are found by this ID.
    workflow: { ...value, version_id: createUuidV5(NAMESPACE, `${workflow.version_id}/${index}`) },
  }));
}
