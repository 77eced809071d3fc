import type { Environment } from "../../domain/environment/environment.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { RecipientKey, RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { ChannelStep } from "../../domain/step-types/channel-step.js";
import { walkChannelSteps } from "../../domain/step-types/walk-steps.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Definitions } from "../../ports/definitions.js";
import type { JsonObject } from "../../util/json.js";
import { resolveChannels } from "../channel/execute-channel.js";
import { buildRenderContext } from "../channel/find-destinations.js";
import { type PendingQuery, renderWithQueries } from "../context/pending-query.js";
import { resolveStoreLookups } from "../context/resolve-store-lookups.js";
import { RunExecution } from "../execution/run-execution.js";
import { renderWithinLimit } from "../liquid/limit-rendering.js";
import { RenderError } from "../liquid/liquid-errors.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { buildSampleExecutions } from "./trial-run.js";

/** The content of an email, or why it could not be rendered. */
type RenderedSample = { content: JsonObject } | { problem: string };

/** An email step's message to a sample recipient. */
type SampleEmail = RenderedSample & {
  ref: string;
  /** The path of the step's template. */
  path: string;
  template: JsonObject;
};

/** A workflow with everything that its emails are rendered with. */
interface EmailSample {
  compiled: CompiledWorkflow;
  environment: Environment;
  definitions: Pick<Definitions, "translations">;
  /** The recipients that templates can look up. */
  recipients: readonly RecipientUpsert[];
  /** The recipient of the emails. */
  recipient: RecipientUpsert;
  data: JsonObject;
}

/** The address of a recipient who has none. */
const SAMPLE_ADDRESS = "reader@example.com";
const NO_SUBSCRIPTIONS = { items: [], page_info: { after: null, before: null, page_size: 0 } };

/** Renders a step's email. Throws a pending query for a lookup that is not resolved yet. */
function renderEmail(step: ChannelStep, renderer: ChannelRenderer, execution: RunExecution): JsonObject {
  const channels = resolveChannels(step, execution);
  const [channel] = Array.isArray(channels) ? channels : [];
  if (channel === undefined) throw new RenderError(`no channel is configured for it`);
  const destination = { address: SAMPLE_ADDRESS, snapshot: null };
  return renderWithinLimit(() => renderer.render(buildRenderContext(channel, execution), destination));
}

/** Renders the email steps of a workflow for one recipient, without a run. */
export async function renderSampleEmails(sample: EmailSample): Promise<SampleEmail[]> {
  const { compiled, environment, definitions, recipients, recipient, data } = sample;
  const now = Date.now();
  const others = recipients.filter((other) => other !== recipient);
  const [first] = buildSampleExecutions({ compiled, environment, now }, [recipient, ...others], data);
  if (first === undefined) return [];
  const { input } = first;
  const store = {
    readRecipients: async (keys: readonly RecipientKey[]) =>
      new Map([...input.recipients].filter(([key]) => keys.includes(key))),
    listSubscriptions: async () => NO_SUBSCRIPTIONS,
  };
  const resolve = async (query: PendingQuery) => {
    if (query.kind !== "store_lookups") throw new RenderError("it needs data that only a run has");
    return (await resolveStoreLookups({ store, definitions }, [query]))(query);
  };
  const render = async (step: ChannelStep, renderer: ChannelRenderer): Promise<RenderedSample> => {
    const renderWith = (queryResults: ReadonlyMap<string, unknown>) =>
      renderEmail(step, renderer, new RunExecution({ ...input, queryResults }, first.run));
    try {
      return { content: await renderWithQueries(renderWith, resolve) };
    } catch (error) {
      if (error instanceof RenderError || error instanceof KnockError) return { problem: error.message };
      throw error;
    }
  };
  const emails: SampleEmail[] = [];
  for (const { step, path } of walkChannelSteps(compiled.workflow.steps)) {
    const renderer = compiled.renderers.get(step.ref);
    if (!hasTrait(step.channel_type, "hasLayout") || renderer === undefined) continue;
    const source = { ref: step.ref, path: `${path}.template`, template: step.template ?? {} };
    emails.push({ ...source, ...(await render(step, renderer)) });
  }
  return emails;
}
