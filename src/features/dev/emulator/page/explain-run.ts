import { describeCondition, parseConditionLog } from "../../../../domain/condition/evaluated-condition.js";
import { REASONS } from "../../../../domain/run/reasons.js";
import type { Workflow } from "../../../../domain/workflow/workflow.js";
import { buildWorkflowOutline } from "../../../../domain/workflow/workflow-outline.js";
import { filterObjects, isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";

/** Returns the result and text of each logged condition. */
function explainConditions(conditions: Json | undefined): JsonObject[] {
  return parseConditionLog(conditions).map((condition) => ({
    result: condition.result,
    text: describeCondition(condition),
  }));
}

function explainPart(part: JsonObject): JsonObject {
  const { reason, preference, conditions } = part;
  const code = isJsonObject(reason) ? String(reason.code) : "";
  return {
    ...part,
    conditions: explainConditions(conditions),
    ...(isJsonObject(reason)
      ? { reason: { ...reason, meaning: Object.hasOwn(REASONS, code) ? REASONS[code as keyof typeof REASONS] : code } }
      : {}),
    ...(isJsonObject(preference)
      ? { preference: { ...preference, conditions: explainConditions(preference.conditions) } }
      : {}),
  };
}

/**
 * Returns a recipient run with the reason of each step as text, as `knock runs show` prints it, and the outline of its
 * workflow with the conditions that the run evaluated.
 */
export function explainRun(run: JsonObject, workflow: Workflow): JsonObject {
  const steps = filterObjects(run.steps);
  const outline = buildWorkflowOutline(workflow, {
    trigger: parseConditionLog(run.conditions),
    steps: new Map(steps.map(({ ref, conditions }) => [String(ref), parseConditionLog(conditions)])),
  });
  return { ...explainPart(run), steps: steps.map(explainPart), outline: outline as unknown as JsonObject };
}
