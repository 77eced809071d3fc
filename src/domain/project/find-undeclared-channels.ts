import { findNearest } from "../../util/find-nearest.js";
import type { Environment } from "../environment/environment.js";
import type { ChannelType } from "../message/channel-types.js";
import type { Finding } from "../schema/finding.js";
import { parsePathSegments, walkChannelSteps } from "../step-types/walk-steps.js";
import type { Workflow } from "../workflow/workflow.js";

function suggestChannel(key: string, type: ChannelType | null, channels: Environment["channels"]): string {
  const declared = Object.keys(channels);
  const near = findNearest(key, declared);
  if (near !== undefined) return `did you mean "${near}"?`;
  const [only, ...others] = declared.filter((candidate) => channels[candidate]?.type === type);
  if (only !== undefined && others.length === 0) return `did you mean "${only}", its only ${type} channel?`;
  return `it declares ${declared.join(", ")}`;
}

function suggestGroup(key: string, groups: Environment["channel_groups"]): string {
  const declared = Object.keys(groups);
  const near = findNearest(key, declared);
  if (near !== undefined) return `did you mean "${near}"?`;
  return declared.length === 0 ? "it declares no channel groups" : `it declares ${declared.join(", ")}`;
}

/**
 * Returns findings about channels and channel groups of steps that the environment does not declare, although it declares others.
 * They run as sandboxed channels of the step's type, but are probably typos.
 */
export function findUndeclaredChannels(
  workflow: Workflow,
  { channels, channel_groups: groups }: Environment,
): Finding[] {
  if (Object.keys({ ...channels, ...groups }).length === 0) return [];
  const findings: Finding[] = [];
  for (const { step, path } of walkChannelSteps(workflow.steps)) {
    const group = step.channel_group_key;
    if (group && !Object.hasOwn(groups, group))
      findings.push({
        path: [...parsePathSegments(path), "channel_group_key"],
        message: `"${group}" is not declared in environment.json; ${suggestGroup(group, groups)}`,
      });
    const key = step.channel_key;
    if (!key || Object.hasOwn(channels, key) || Object.keys(channels).length === 0) continue;
    findings.push({
      path: [...parsePathSegments(path), "channel_key"],
      message: `"${key}" is not declared in environment.json; ${suggestChannel(key, step.channel_type, channels)}`,
    });
  }
  return findings;
}
