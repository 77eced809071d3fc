import { nearest } from "../../util/nearest.js";
import type { Environment } from "../environment/environment.js";
import { type Workflow, walkSteps } from "../workflow/workflow.js";

/**
 * Channels of steps that the environment does not declare and that are nearly one it does: they run, as sandboxed channels of
 * the step's type (section 5 of the contract), but were probably meant to be the other.
 */
export function undeclaredChannels(workflow: Workflow, { channels }: Environment): string[] {
  const declared = Object.keys(channels);
  if (declared.length === 0) return [];
  const found: string[] = [];
  for (const { step, path } of walkSteps(workflow.steps)) {
    const key = step.type === "channel" ? step.channel_key : null;
    if (!key || Object.hasOwn(channels, key)) continue;
    const near = nearest(key, declared);
    if (near !== undefined)
      found.push(`${path}.channel_key "${key}" is not declared in environment.json; did you mean "${near}"?`);
  }
  return found;
}
