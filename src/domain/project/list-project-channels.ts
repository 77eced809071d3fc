import { buildUndeclaredChannel, type Channel, type Environment } from "../environment/environment.js";
import { walkChannelSteps } from "../step-types/walk-steps.js";
import type { Workflow } from "../workflow/workflow.js";

/** Returns the channels that an environment declares, and those that workflows name without a declaration. */
export function listProjectChannels(environment: Environment, workflows: readonly Workflow[]): Channel[] {
  const channelsByKey = new Map<string, Channel>();
  for (const [key, channel] of Object.entries(environment.channels))
    if (channel !== null) channelsByKey.set(key, channel);
  for (const { steps } of workflows)
    for (const { step } of walkChannelSteps(steps)) {
      if (step.channel_key === null || step.channel_type === null) continue;
      const key = step.channel_key;
      if (Object.hasOwn(environment.channels, key) || channelsByKey.has(key)) continue;
      channelsByKey.set(key, buildUndeclaredChannel(key, step.channel_type));
    }
  return [...channelsByKey.values()];
}
