import type { RecipientRun } from "./workflow-run.js";

/** The types of steps that send a request. */
export const REQUESTING_STEPS: ReadonlySet<string> = new Set(["http_fetch", "ai_agent"]);

/**
 * Returns whether the next advance of a stored run sends a request. A run is first stored as waiting at such a step, so that no
 * request is sent for a run that a crash could lose.
 */
export function sendsRequest({ steps }: Pick<RecipientRun, "steps">): boolean {
  return steps.some(({ type, outcome }) => outcome === "waiting" && REQUESTING_STEPS.has(type));
}
