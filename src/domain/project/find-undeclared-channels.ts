import { findNearest } from "../../util/find-nearest.js";
import type { Environment } from "../environment/environment.js";
import type { ChannelType } from "../message/channel-types.js";
import type { Finding } from "../schema/finding.js";
import { parsePathSegments, walkChannelSteps } from "../steps/walk-steps.js";
import type { Workflow } from "../workflow/workflow.js";

function suggestChannel(key: string, type: ChannelType | null, channels: Environment["channels"]): string {
  const declared = Object.keys(channels);
  const near = findNearest(key, declared);
  if (near !== undefined) return `did you mean "${near}"?`;
  const [only, ...others] = declared.filter((candidate) => channels[candidate]?.type === type);
  if (only !== undefined && others.length === 0) return `did you mean "${only}", its only ${type} channel?`;
  return `it declares ${declared.join(", ")}`;
}

/**
 * Returns findings about channels of steps that the environment does not declare, although it declares others. They run
 * as sandboxed channels of the step's type, but are probably typos.
 */
export function findUndeclaredChannels(workflow: Workflow, { channels }: Environment): Finding[] {
  const declared = Object.keys(channels);
  if (declared.length === 0) return [];
  const findings: Finding[] = [];
  for (const { step, path } of walkChannelSteps(workflow.steps)) {
    if (!step.channel_key || Object.hasOwn(channels, step.channel_key)) continue;
    const key = step.channel_key;
    findings.push({
      path: [...parsePathSegments(path), "channel_key"],
      message: `"${key}" is not declared in environment.json; ${suggestChannel(key, step.channel_type, channels)}`,
    });
  }
  return findings;
}
