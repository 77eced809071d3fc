import type { JsonObject } from "../../util/json.js";
import type { Step } from "../step/step.js";
import { isBatchStep } from "../step-types/batch-step.js";
import { findStepDefinition } from "../step-types/step-definitions.js";
import { walkSteps } from "../step-types/walk-steps.js";
import type { RecipientRun } from "./workflow-run.js";

/** The first event of a run. Its `trigger_data` is {@link getTriggerData}, unless the run still has that data. */
const FIRST_EVENT = "run_started";

/** Returns whether steps can replace the data of a run: by adding to it, or because a batch reduces it (E-276). */
function replaceData(steps: readonly Step[]): boolean {
  for (const { step } of walkSteps(steps))
    if (isBatchStep(step) || findStepDefinition(step.type)?.changedScopes?.includes("data")) return true;
  return false;
}

/** Returns the data of the first event of a run, which keeps its own trigger data if a step can replace it. */
export function buildFirstEventData({ data }: Pick<RecipientRun, "data">, steps: readonly Step[]): JsonObject | null {
  return data !== null && replaceData(steps) ? { trigger_data: data } : null;
}

/** Returns the own trigger data of a run, or null if it has the data of the whole trigger. */
export function getTriggerData(
  { data, events }: Pick<RecipientRun, "data" | "events">,
  steps: readonly Step[],
): JsonObject | null {
  const first = events.find(({ event }) => event === FIRST_EVENT);
  if (first === undefined || !replaceData(steps)) return data;
  return (first.data?.trigger_data as JsonObject | undefined) ?? null;
}
