import { type Condition, listConditions } from "../domain/condition/condition.js";
import { describeComparison } from "../domain/condition/evaluated-condition.js";
import { hasTrait } from "../domain/message/channel-types.js";
import type { Step } from "../domain/step/step.js";
import { isChannelStep } from "../domain/step-types/channel-step.js";
import { getStepDefinition } from "../domain/step-types/step-definitions.js";
import { getBranches, walkSteps } from "../domain/step-types/walk-steps.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { OnTemplateCondition } from "../ports/definitions.js";
import type { CoverageKind } from "./coverage-kinds.js";
import type { StepCondition } from "./step-condition.js";

/** A part of a workflow that a scenario can reach. */
interface CoverageItem {
  /** The same in the workflow and in a run that reached it. */
  id: string;
  kind: CoverageKind;
  /** The ref of the step; null for the trigger. */
  step: string | null;
  text: string;
  /** Where a condition of a template is. Null for other parts. */
  location: StepCondition["location"];
}

/** Returns the ID of a part of a workflow. Conditions are numbered within their step. */
export function createItemId(
  workflow: string,
  kind: CoverageKind,
  ...names: (string | number | boolean | null)[]
): string {
  return JSON.stringify([workflow, kind, ...names]);
}

/** Returns the ID of a case of a condition in a template. */
export const createTemplateConditionId = (
  workflow: string,
  fieldPath: string,
  { index, label, result }: Parameters<OnTemplateCondition>[2],
): string => createItemId(workflow, "conditions", fieldPath, index, label, result);

/** Returns the name of a branch as runs report it. */
export function getBranchName(step: Step, index: number): string {
  const branch = getBranches(step)[index];
  if (typeof branch?.name === "string") return branch.name;
  const { noun = "branch", isDefault = false } = getStepDefinition(step).describeBranch?.(step, index) ?? {};
  return isDefault ? "default" : `${noun} ${index + 1}`;
}

/** Returns the conditions of a step and of its branches, in the order in which a run logs them. */
function listStepConditions(step: Step): Condition[] {
  const definition = getStepDefinition(step);
  return [
    ...listConditions(step.conditions),
    ...getBranches(step).flatMap((_, index) =>
      listConditions(definition.describeBranch?.(step, index).conditions ?? null),
    ),
  ];
}

/** Returns the reasons for which a step can end without its usual effect, and that a scenario can cause. */
function listStepReasons(step: Step, { settings }: Workflow): string[] {
  const reasons: string[] = step.conditions === null ? [] : ["condition"];
  reasons.push(...(getStepDefinition(step).listReasons?.(step) ?? []));
  if (!isChannelStep(step) || hasTrait(step.channel_type, "isGuide")) return reasons;
  if (!settings.override_preferences) reasons.push("preference");
  if (!hasTrait(step.channel_type, "needsNoRecipientData")) reasons.push("missing_recipient_data");
  return reasons;
}

const describeReason = (reason: string): string => `reason ${reason} never occurs`;

/** Returns the reason that the text of an item names. */
export const readReason = (text: string): string => text.split(" ")[1] ?? text;

/** Returns the parts of a workflow that scenarios can reach, in the order of the file. */
export function listCoverageItems(
  workflow: Workflow,
  templateConditions: readonly StepCondition[] = [],
): CoverageItem[] {
  const { key } = workflow;
  const items: CoverageItem[] = [];
  const add = (item: Omit<CoverageItem, "location">): void => void items.push({ ...item, location: null });
  const addConditions = (step: string | null, conditions: readonly Condition[]): void => {
    for (const [index, condition] of conditions.entries())
      for (const result of [true, false])
        add({
          id: createItemId(key, "conditions", step, index, condition.variable, condition.operator, result),
          kind: "conditions",
          step,
          text: `${describeComparison({ argument: undefined, ...condition })} is never ${result}`,
        });
  };
  const addReason = (step: string | null, reason: string): void =>
    add({
      id: createItemId(key, "reasons", step, reason),
      kind: "reasons",
      step,
      text: describeReason(reason),
    });
  addConditions(null, listConditions(workflow.conditions));
  if (workflow.conditions !== null) addReason(null, "condition");
  if (workflow.trigger_frequency !== "every_trigger") addReason(null, "trigger_frequency");
  for (const { step } of walkSteps(workflow.steps)) {
    const { ref } = step;
    add({ id: createItemId(key, "steps", ref), kind: "steps", step: ref, text: "is never executed" });
    for (const index of getBranches(step).keys()) {
      const name = getBranchName(step, index);
      add({
        id: createItemId(key, "branches", ref, name),
        kind: "branches",
        step: ref,
        text: `branch "${name}" is never taken`,
      });
    }
    addConditions(ref, listStepConditions(step));
    if (isChannelStep(step) && step.template !== null)
      add({ id: createItemId(key, "templates", ref), kind: "templates", step: ref, text: "is never rendered" });
    for (const { fieldPath, index, label, location } of templateConditions.filter((found) => found.step === ref))
      for (const result of [true, false])
        items.push({
          id: createTemplateConditionId(key, fieldPath, { index, label, result }),
          kind: "conditions",
          step: ref,
          text: `${label} is never ${result}`,
          location,
        });
    for (const reason of listStepReasons(step, workflow)) addReason(ref, reason);
  }
  return items;
}
