import type { Environment } from "../../domain/environment/environment.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { RecipientUpsert } from "../../domain/recipient/recipient.js";
import { walkChannelSteps } from "../../domain/steps/walk-steps.js";
import { KnockError } from "../../errors/knock-error.js";
import type { JsonObject } from "../../util/json.js";
import { resolveChannels } from "../channel/execute-channel.js";
import { buildRenderContext } from "../channel/find-destinations.js";
import { PendingQueryError } from "../context/pending-query.js";
import { renderWithinLimit } from "../liquid/limit-rendering.js";
import { RenderError } from "../liquid/render-error.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { buildSampleExecutions } from "./trial-run.js";

/** An email step's message to a sample recipient. */
interface SampleEmail {
  ref: string;
  /** The path of the step's template. */
  path: string;
  template: JsonObject;
  content: JsonObject;
}

/** The address of a recipient who has none. */
const SAMPLE_ADDRESS = "reader@example.com";

/**
 * Renders the email steps of a workflow for one recipient, without a run. Steps that cannot be rendered with this data are
 * not in the result.
 */
export function renderSampleEmails(
  compiled: CompiledWorkflow,
  environment: Environment,
  recipient: RecipientUpsert,
  data: JsonObject,
): SampleEmail[] {
  const [execution] = buildSampleExecutions({ compiled, environment, now: Date.now() }, [recipient], data);
  if (execution === undefined) return [];
  return [...walkChannelSteps(compiled.workflow.steps)].flatMap(({ step, path }): SampleEmail[] => {
    const renderer = compiled.renderers.get(step.ref);
    if (!hasTrait(step.channel_type, "hasLayout") || renderer === undefined) return [];
    const channels = resolveChannels(step, execution);
    const [channel] = Array.isArray(channels) ? channels : [];
    if (channel === undefined) return [];
    try {
      const destination = { address: SAMPLE_ADDRESS, snapshot: null };
      const content = renderWithinLimit(() => renderer.render(buildRenderContext(channel, execution), destination));
      return [{ ref: step.ref, path: `${path}.template`, template: step.template ?? {}, content }];
    } catch (error) {
      if (error instanceof RenderError || error instanceof KnockError || error instanceof PendingQueryError) return [];
      throw error;
    }
  });
}
