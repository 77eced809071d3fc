import type { Environment } from "../../domain/environment/environment.js";
import { type RecipientUpsert, splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import type { ChannelStep } from "../../domain/steps/channel-step.js";
import { walkChannelSteps, walkSteps } from "../../domain/steps/walk-steps.js";
import { hasLiquid } from "../../domain/template/has-liquid.js";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject } from "../../util/json.js";
import { resolveChannels } from "../channel/execute-channel.js";
import { buildRenderContext, findDestinations } from "../channel/find-destinations.js";
import type { Skip } from "../channel/skip-by-preferences.js";
import type { RunExecution } from "../execution/run-execution.js";
import { RenderError } from "../liquid/render-error.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { buildSampleExecutions } from "./trial-run.js";

/** A user who would get nothing from a workflow. */
interface SilentDrop {
  user: string;
  /** Why each channel step sends nothing, such as `email_1: no email address`. */
  reasons: string[];
}

/** Step types that notify someone without a message of this workflow. */
const OTHER_NOTIFICATIONS: ReadonlySet<string> = new Set(["trigger_workflow"]);

interface CertainSkip {
  reason: string;
  /** Whether the user's own preferences decided. */
  isOwnChoice: boolean;
}

/** Returns why a skip is independent of the trigger's data, or null if other data may send. */
function toCertainSkip({ reason: { code, detail }, eventData }: Skip): CertainSkip | null {
  if (code === "missing_recipient_data" || code === "channel_not_configured")
    return { reason: detail ?? code, isOwnChoice: false };
  const preference = eventData?.preference;
  if (code !== "preference" || !isJsonObject(preference) || preference.value !== false) return null;
  return { reason: detail ?? code, isOwnChoice: preference.set === "recipient" };
}

/** Returns why a step certainly sends nothing, or null if it may send. */
function findCertainSkip(step: ChannelStep, execution: RunExecution): CertainSkip | null {
  const renderer = execution.input.compiled.renderers.get(step.ref);
  // An address in a template may depend on the data.
  if (renderer === undefined || hasLiquid(JSON.stringify([step.channel_overrides, step.template?.settings])))
    return null;
  const channels = resolveChannels(step, execution);
  if (!Array.isArray(channels)) return toCertainSkip(channels);
  const skips = channels.map((channel) => {
    const found = findDestinations(renderer, buildRenderContext(channel, execution), execution);
    return Array.isArray(found) ? null : toCertainSkip(found);
  });
  return skips.includes(null) ? null : (skips[0] ?? null);
}

/**
 * Returns the users who would get nothing from a workflow, whatever its data and conditions are. Users who turned all of it
 * off by their own preferences are not in the result. The engine's own decisions are used, for a run that is not stored.
 */
export function findSilentDrops(
  compiled: CompiledWorkflow,
  environment: Environment,
  recipients: readonly RecipientUpsert[],
  now: number,
): SilentDrop[] {
  const { workflow } = compiled;
  const steps = [...walkChannelSteps(workflow.steps)].map(({ step }) => step);
  if (steps.length === 0) return [];
  if ([...walkSteps(workflow.steps)].some(({ step }) => OTHER_NOTIFICATIONS.has(step.type))) return [];
  const users = recipients.filter(({ key }) => splitRecipientKey(key).collection === USERS);
  return buildSampleExecutions({ compiled, environment, now }, users, {}).flatMap((execution): SilentDrop[] => {
    try {
      const skips = steps.map((step) => ({ step, skip: findCertainSkip(step, execution) }));
      if (skips.some(({ skip }) => skip === null)) return [];
      if (skips.every(({ skip }) => skip?.isOwnChoice)) return [];
      return [
        {
          user: splitRecipientKey(execution.run.recipient).id,
          reasons: skips.map(({ step, skip }) => `${step.ref}: ${skip?.reason}`),
        },
      ];
    } catch (error) {
      // Without the data of a trigger, it is unknown what the workflow does.
      if (error instanceof RenderError || error instanceof KnockError) return [];
      throw error;
    }
  });
}
