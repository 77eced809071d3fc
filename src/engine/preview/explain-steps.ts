import type { StepOutcome } from "../../domain/run/outcome.js";
import type { RunEvent } from "../../domain/run/workflow-run.js";
import type { Json, JsonObject } from "../../util/json.js";

/**
 * The fields of event data that explain a step: what decided it, its warnings, and the result of a batch or nested
 * trigger.
 */
const DECISION_FIELDS = ["conditions", "preference", "warnings", "total_activities", "workflow", "workflow_run_id"];

/**
 * Returns the conditions with their compared values (E-096), the preference (E-159), and the other {@link
 * DECISION_FIELDS}.
 */
function extractDecision(data: JsonObject | null): JsonObject {
  const decision: JsonObject = {};
  for (const name of DECISION_FIELDS) {
    const value: Json | undefined = data?.[name];
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) decision[name] = value;
  }
  return decision;
}

/**
 * Returns a run's steps, each with what decided it. A wait step that evaluated several events has the data of the last.
 */
export function explainSteps(steps: readonly StepOutcome[], events: readonly RunEvent[]): JsonObject[] {
  const decisions = new Map<string, JsonObject>();
  for (const { step_ref, data } of events) {
    if (step_ref === null) continue;
    decisions.set(step_ref, { ...decisions.get(step_ref), ...extractDecision(data) });
  }
  return steps.map((step) => ({ ...(step as unknown as JsonObject), ...decisions.get(step.ref) }));
}

/** Returns the evaluated conditions of the trigger; an empty object if it has none. */
export function getTriggerDecision(events: readonly RunEvent[]): JsonObject {
  return extractDecision(events.find(({ event }) => event === "trigger_conditions_evaluated")?.data ?? null);
}
