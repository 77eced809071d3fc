import type { Environment } from "../../domain/environment/environment.js";
import { type RecipientKey, type RecipientUpsert, splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import type { Reason } from "../../domain/run/outcome.js";
import type { ChannelStep } from "../../domain/step-types/channel-step.js";
import { walkChannelSteps, walkSteps } from "../../domain/step-types/walk-steps.js";
import { hasLiquid } from "../../domain/template/has-liquid.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject } from "../../util/json.js";
import { resolveChannels } from "../channel/execute-channel.js";
import { buildRenderContext, findDestinations, type Skip } from "../channel/find-destinations.js";
import type { RunExecution } from "../execution/run-execution.js";
import { type RenderPart, renderParts } from "../liquid/limit-rendering.js";
import { RenderError } from "../liquid/liquid-errors.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { buildSampleExecutions } from "./trial-run.js";

/** A user who would get nothing from a workflow. */
interface SilentDrop {
  user: string;
  /** Why the channel steps send nothing. */
  reasons: Reason[];
}

/** Step types that notify someone without a message of this workflow. */
const OTHER_NOTIFICATIONS: ReadonlySet<string> = new Set(["trigger_workflow"]);

/** Why a step sends nothing, whatever the data of a trigger is. */
interface CertainSkip {
  reason: Reason;
  /** Whether the user's own preferences decided. */
  isOwnChoice: boolean;
}

/** The channel steps of a workflow for a recipient. `skip` is null if the step may send. */
interface RecipientSteps {
  recipient: RecipientKey;
  steps: { step: ChannelStep; skip: CertainSkip | null }[];
}

/** Returns why a skip is independent of the trigger's data, or null if other data may send. */
function toCertainSkip({ reason, eventData }: Skip): CertainSkip | null {
  const { code } = reason;
  if (code === "missing_recipient_data" || code === "channel_not_configured") return { reason, isOwnChoice: false };
  const preference = eventData?.preference;
  if (code !== "preference" || !isJsonObject(preference) || preference.value !== false) return null;
  return { reason, isOwnChoice: preference.set === "recipient" };
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

/** Returns whether a workflow notifies someone only by its own channel steps. */
export function sendsOnlyByChannelSteps({ steps }: Workflow): boolean {
  const types = [...walkSteps(steps)].map(({ step }) => step.type);
  return types.includes("channel") && !types.some((type) => OTHER_NOTIFICATIONS.has(type));
}

/**
 * Returns the channel steps of a workflow for each recipient, with the reason if a step sends nothing, whatever the data and the
 * conditions are. The engine's own decisions are used, for a run that is not stored. Recipients for whom a step cannot be
 * decided without the data of a trigger are left out.
 */
export function findCertainSkips(
  compiled: CompiledWorkflow,
  environment: Environment,
  recipients: readonly RecipientUpsert[],
  now: number,
): RecipientSteps[] {
  const steps = [...walkChannelSteps(compiled.workflow.steps)].map(({ step }) => step);
  const findForRecipient = (execution: RunExecution, renderPart: RenderPart): RecipientSteps[] => {
    try {
      const found = renderPart(() => steps.map((step) => ({ step, skip: findCertainSkip(step, execution) })));
      return [{ recipient: execution.run.recipient, steps: found }];
    } catch (error) {
      // Without the data of a trigger, it is unknown what the workflow does.
      if (error instanceof RenderError || error instanceof KnockError) return [];
      throw error;
    }
  };
  return renderParts((renderPart) =>
    buildSampleExecutions({ compiled, environment, now }, recipients, {}).flatMap((execution) =>
      findForRecipient(execution, renderPart),
    ),
  );
}

/**
 * Returns the users who would get nothing from a workflow, whatever its data and conditions are. Users who turned all of it
 * off by their own preferences are not in the result.
 */
export function findSilentDrops(
  compiled: CompiledWorkflow,
  environment: Environment,
  recipients: readonly RecipientUpsert[],
  now: number,
): SilentDrop[] {
  if (!sendsOnlyByChannelSteps(compiled.workflow)) return [];
  const users = recipients.filter(({ key }) => splitRecipientKey(key).collection === USERS);
  return findCertainSkips(compiled, environment, users, now).flatMap(({ recipient, steps }): SilentDrop[] => {
    const isSilent = steps.every(({ skip }) => skip !== null) && !steps.every(({ skip }) => skip?.isOwnChoice);
    const reasons = steps.flatMap(({ skip }) => (skip === null ? [] : [skip.reason]));
    return isSilent ? [{ user: splitRecipientKey(recipient).id, reasons }] : [];
  });
}
