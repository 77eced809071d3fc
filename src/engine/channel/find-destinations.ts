import type { EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import { type Channel, isInternalChannel } from "../../domain/environment/environment.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import { decidePreferences, type PreferenceRequest } from "../../domain/preferences/decide-preferences.js";
import { findPreferenceOrigin, formatPreferenceOrigin } from "../../domain/preferences/preference-origin.js";
import type { Reason } from "../../domain/run/outcome.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { JsonObject } from "../../util/json.js";
import {
  type ConditionScope,
  describeDecidingCondition,
  evaluateConditionList,
  evaluateConditions,
  toConditionLog,
} from "../condition/evaluate-conditions.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { ChannelRenderer, Destination, RenderContext } from "../render/channel-renderer.js";

/** Why a channel step sends nothing, and the data of its run event. */
export interface Skip {
  reason: Reason;
  eventData?: JsonObject;
}

/** The fields of a workflow that preferences need, cached because they are the same for all of its messages. */
const preferenceWorkflows = new WeakMap<Workflow, PreferenceRequest["workflow"]>();

function toPreferenceWorkflow(workflow: Workflow): PreferenceRequest["workflow"] {
  let preferenceWorkflow = preferenceWorkflows.get(workflow);
  if (preferenceWorkflow === undefined) {
    preferenceWorkflow = { key: workflow.key, categories: workflow.categories, ...workflow.settings };
    preferenceWorkflows.set(workflow, preferenceWorkflow);
  }
  return preferenceWorkflow;
}

/**
 * Returns the scope for preference conditions. They see no message status (E-154), and after a batch only its first
 * activity (E-155).
 */
function buildPreferenceScope({ conditionScope, batch }: RunExecution): ConditionScope {
  const { variables } = conditionScope;
  return {
    ...conditionScope,
    refs: () => undefined,
    variables: batch === null ? variables : { ...variables, data: batch.firstData },
  };
}

/**
 * Returns the reason to skip if the recipient's preferences do not allow the channel, otherwise null (E-147 to E-157).
 * The step's event names the set that decided, its part, and the value or the conditions with their compared values
 * (E-159).
 */
function skipByPreferences(channel: Channel, execution: RunExecution): Skip | null {
  const { workflow } = execution.input.compiled;
  if (workflow.settings.override_preferences) return null; // preferences are not evaluated (E-156)
  if (isInternalChannel(channel)) return null; // the destination is the step's, not the recipient's
  let compared: EvaluatedCondition[] = [];
  const decision = decidePreferences({
    set: execution.preferences,
    workflow: toPreferenceWorkflow(workflow),
    channel,
    evaluate: (conditions) => {
      const result = evaluateConditionList(conditions, buildPreferenceScope(execution));
      compared = result.evaluated;
      return result.passed;
    },
  });
  if (decision.allowed) return null;
  const { level, path, detail } = decision;
  const byConditions = path.at(-1) === "conditions";
  const origin = findPreferenceOrigin(execution.preferenceSources, path);
  const description = `${detail} ${formatPreferenceOrigin(origin)}`.trim();
  const preference: JsonObject = { ...origin, path: path.join(".") };
  if (byConditions) preference.conditions = toConditionLog(compared);
  else preference.value = false;
  return {
    reason: {
      code: "preference",
      detail: byConditions ? `${description}: ${describeDecidingCondition(compared) ?? ""}` : description,
    },
    eventData: { level, preference },
  };
}

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
