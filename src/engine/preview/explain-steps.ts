import type { StepOutcome } from "../../domain/run/outcome.js";
import type { RunEvent } from "../../domain/run/workflow-run.js";
import type { Json, JsonObject } from "../../util/json.js";

/** What an event tells of its step: what decided it, what was warned of, and what a batch or a nested trigger came to. */
const DECISION_FIELDS = ["conditions", "preference", "warnings", "total_activities", "workflow", "workflow_run_id"];

/** Conditions with the values compared (E-096), preferences (E-159), and the rest of {@link DECISION_FIELDS}. */
function extractDecision(data: JsonObject | null): JsonObject {
  const decision: JsonObject = {};
  for (const name of DECISION_FIELDS) {
    const value: Json | undefined = data?.[name];
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) decision[name] = value;
  }
  return decision;
}

/** A run's steps, each with what decided it; a wait that looked at several events has the last one's. */
export function explainSteps(steps: readonly StepOutcome[], events: readonly RunEvent[]): JsonObject[] {
  const decisions = new Map<string, JsonObject>();
  for (const { step_ref, data } of events) {
    if (step_ref === null) continue;
    decisions.set(step_ref, { ...decisions.get(step_ref), ...extractDecision(data) });
  }
  return steps.map((step) => ({ ...(step as unknown as JsonObject), ...decisions.get(step.ref) }));
}

/** The trigger's own conditions as evaluated; nothing where there are none. */
export function getTriggerDecision(events: readonly RunEvent[]): JsonObject {
  return extractDecision(events.find(({ event }) => event === "trigger_conditions_evaluated")?.data ?? null);
}
