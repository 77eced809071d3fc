import type { Channel } from "../../domain/environment/environment.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import { describeDecidingCondition, evaluateConditions, toConditionLog } from "../condition/evaluate-conditions.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { ChannelRenderer, Destination, RenderContext } from "../render/channel-renderer.js";
import { type Skip, skipByPreferences } from "./skip-by-preferences.js";

/** Returns whether messages of a channel are never sent (E-208). The in-app feed has no sandbox. */
export function isSandbox(channel: Channel, { input }: RunExecution): boolean {
  return !hasTrait(channel.type, "isFeed") && (!channel.deliver || input.run.settings.sandbox_mode);
}

/** Checks the channel's own conditions, after the step's. A sandboxed channel does not evaluate them (E-089, E-172). */
function skipByChannelConditions(channel: Channel, execution: RunExecution): Skip | null {
  if (channel.conditions === null || isSandbox(channel, execution)) return null;
  const result = evaluateConditions(channel.conditions, execution.conditionScope);
  if (result.passed) return null;
  return {
    reason: {
      code: "condition",
      detail: `channel ${channel.key}: ${describeDecidingCondition(result.evaluated) ?? ""}`,
    },
    eventData: { reason: "channel_conditions_failed", conditions: toConditionLog(result.evaluated) },
  };
}

/** Returns what a renderer knows of a run. */
export function buildRenderContext(channel: Channel, execution: RunExecution): RenderContext {
  const { scope, parties, batch } = execution;
  return {
    scope,
    recipient: parties.recipient,
    tenant: parties.tenant,
    channel,
    batch: batch && { first: batch.firstData, reduced: batch.reducedData },
    warn: (text) => execution.warn(text),
  };
}

/**
 * Returns the destinations of a step for one channel, or the reason to skip it: the channel's conditions, missing data of
 * the recipient, or preferences.
 */
export function findDestinations(
  renderer: ChannelRenderer,
  context: RenderContext,
  execution: RunExecution,
): Destination[] | Skip {
  const { channel } = context;
  const unmet = skipByChannelConditions(channel, execution);
  if (unmet) return unmet;
  const destinations = renderer.resolveDestinations(context);
  if (destinations.length === 0) return { reason: { code: "missing_recipient_data", detail: renderer.missingData } };
  return skipByPreferences(channel, execution) ?? destinations;
}
