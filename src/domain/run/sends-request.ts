import type { Workflow } from "../workflow/workflow.js";
import { findStep } from "./step-path.js";
import type { RecipientRun } from "./workflow-run.js";

const REQUESTING_STEPS: ReadonlySet<string> = new Set(["http_fetch", "ai_agent"]);

/**
 * Returns whether the next advance of a stored run sends a request. A run is first stored at such a step, so that no request is
 * sent for a run that a crash could lose.
 */
export function sendsRequest(version: Workflow, { position }: RecipientRun): boolean {
  const step = position === null ? undefined : findStep(version.steps, position);
  return step !== undefined && REQUESTING_STEPS.has(step.type);
}
