import { buildUndeclaredChannel } from "../../domain/environment/environment.js";
import type { Message } from "../../domain/message/message.js";
import { walkChannelSteps } from "../../domain/step-types/walk-steps.js";
import type { MessageStore } from "../../ports/message-store.js";
import { toIsoTime } from "../../util/iso-time.js";
import { type JsonObject, stableStringify } from "../../util/json.js";
import { createTracker } from "../channel/create-tracker.js";
import { buildRenderContext } from "../channel/find-destinations.js";
import { compileWorkflow } from "../compile/compile-workflow.js";
import { buildParties, type EngineContext, type QueryStore, readRunRecipients } from "../context/engine-context.js";
import { readLinkKey } from "../context/read-link-key.js";
import { type AdvanceInput, buildAdvanceInput } from "../execution/advance-input.js";
import { RunExecution } from "../execution/run-execution.js";
import { renderWithinLimit } from "../liquid/limit-rendering.js";
import { RenderError } from "../liquid/liquid.js";
import { renderWithResults } from "./preview-steps.js";

/**
 * Returns the input that a message was rendered with, with the recipient's locale replaced. Returns null if the run or
 * its recipient no longer exists.
 */
async function readAdvanceInput(
  context: EngineContext<QueryStore>,
  message: Message,
  locale: string,
): Promise<AdvanceInput | null> {
  const { store, definitions } = context;
  const [stored, workflow, environment, batch] = await Promise.all([
    store.readRecipientRun(message.recipient_run_id),
    definitions.workflow(message.workflow),
    definitions.environment(),
    store.readBatch(message.recipient_run_id),
  ]);
  // The message was rendered with this version. Another version would render another message.
  if (stored === null || workflow === null || workflow.version_id !== message.version_id) return null;
  const { run } = stored;
  const recipientRun = { ...stored.recipientRun, data: message.data };
  const recipients = await readRunRecipients(store, [{ run, recipientRun, batch }]);
  const parties = buildParties(run, recipientRun, recipients);
  if (parties === null) return null;
  const recipient = { ...parties.recipient, properties: { ...parties.recipient.properties, locale } };
  return buildAdvanceInput(
    context,
    { ...parties, recipient },
    {
      recipients,
      run,
      recipientRun,
      environment,
      linkKey: await readLinkKey(context, environment),
      compiled: await compileWorkflow(workflow, definitions),
      batch,
      now: message.inserted_at,
    },
  );
}

/** Keeps the tracked links of a message. If its content in this language has other links, they are not tracked. */
function keepTrackedLinks(message: Message, content: JsonObject, track: ReturnType<typeof createTracker>): JsonObject {
  if (!message.links || track === null) return content;
  const wrapped = track(content, message.id);
  return stableStringify(wrapped.links) === stableStringify(message.links) ? wrapped.content : content;
}

async function renderContentInLocale(
  context: EngineContext<QueryStore>,
  message: Message,
  locale: string,
): Promise<JsonObject | null> {
  const input = await readAdvanceInput(context, message, locale);
  const renderer = input?.compiled.renderers.get(message.step_ref);
  const channelStep = [...walkChannelSteps(input?.compiled.workflow.steps ?? [])].find(
    ({ step: { ref } }) => ref === message.step_ref,
  )?.step;
  if (input === null || renderer === undefined || channelStep === undefined) return null;
  const { key, type } = message.channel;
  const channel = input.environment.channels[key] ?? buildUndeclaredChannel(key, type);
  const at = toIsoTime(message.inserted_at);
  return renderWithResults(context, input.now, (queryResults) => {
    const execution = new RunExecution({ ...input, queryResults }, input.recipientRun);
    execution.scope.current_message = { id: message.id, inserted_at: at, updated_at: at };
    const track = createTracker(channelStep, channel, input, () => undefined);
    const renderContext = { ...buildRenderContext(channel, execution), isTracked: track !== null };
    return renderWithinLimit(() => {
      const [destination] = renderer.resolveDestinations(renderContext);
      return destination === undefined
        ? null
        : keepTrackedLinks(message, renderer.render(renderContext, destination), track);
    });
  });
}

/**
 * Renders messages in another language (T-192). Returns the contents by message id and writes nothing. Messages that
 * can no longer be rendered, or not in this language, are left out.
 */
export async function renderContentsInLocale(
  context: EngineContext<QueryStore & MessageStore>,
  ids: readonly string[],
  locale: string,
): Promise<Map<string, JsonObject>> {
  const contents = new Map<string, JsonObject>();
  for (const message of await context.store.readMessages(ids)) {
    try {
      const content = await renderContentInLocale(context, message, locale);
      if (content !== null) contents.set(message.id, content);
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
    }
  }
  return contents;
}
