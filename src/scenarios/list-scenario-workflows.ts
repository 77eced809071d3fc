import type { Scenario } from "./parse-scenarios.js";

/**
 * Returns the keys of the workflows that a scenario triggers or schedules. Returns null if they are not known, because a source event
 * can start any workflow.
 */
export function listScenarioWorkflows({ workflow, steps }: Scenario): string[] | null {
  if (steps.some((step) => step.source_event !== undefined)) return null;
  const named = steps.flatMap(({ notify, schedule }) => [
    ...(notify ? [notify.workflow ?? notify.key ?? workflow] : []),
    ...(schedule ? [schedule.workflow ?? workflow] : []),
  ]);
  return [...new Set(named)].filter((key): key is string => typeof key === "string");
}
