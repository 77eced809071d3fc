import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import type { StepPreview } from "../../domain/run/step-preview.js";
import { checkTriggerData } from "../../domain/shape/trigger-data-schema.js";
import type { ChannelStep } from "../../domain/steps/channel.js";
import { walkSteps } from "../../domain/steps/walk-steps.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { ClockStore } from "../../ports/clock.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import { ksuid } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import { didYouMean } from "../../util/nearest.js";
import { redactJson } from "../../util/redact-secrets.js";
import { Advancing } from "../advancing/advancing.js";
import { channelsOf } from "../channel/channel.js";
import { trackingOf } from "../channel/tracking.js";
import { type AdvanceStore, type EngineContext, readTime } from "../context/engine-context.js";
import { NeedsAnswer } from "../context/need.js";
import { RenderError } from "../liquid/liquid.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import { answer } from "../run/advance-many.js";
import { variableChecker } from "../run/check-variables.js";
import { type Trial, trialInput, unidentified, withIdentified } from "../run/trial-run.js";
import { keysOf } from "../run/trigger-workflow.js";
import { compileWorkflow } from "../workflow/compile-workflow.js";
import { findWorkflow } from "../workflow/find-workflow.js";
import { isTested, type TestedStep, testStep } from "./test-step.js";

/** The channel steps to show, those named or all; of others only those that can be tried alone, by name. */
function chosenSteps(workflow: Workflow, refs: readonly string[] | null): (ChannelStep | TestedStep)[] {
  const steps = [...walkSteps(workflow.steps)].map(({ step }) => step);
  const rendered = steps.filter(
    (step): step is ChannelStep => step.type === "channel" && step.channel_type !== "in_app_guide",
  );
  if (refs === null) return rendered;
  return refs.map((ref) => {
    const found = rendered.find((step) => step.ref === ref);
    if (found) return found;
    const other = steps.find((step) => step.ref === ref);
    if (other && isTested(other)) return other;
    throw new KnockError(
      "resource_missing",
      other
        ? `step "${ref}" of workflow "${workflow.key}" is ${other.type === "channel" ? "an in-app guide" : `a ${other.type}`} step: it renders no message`
        : `workflow "${workflow.key}" has no step "${ref}"`,
      {
        hint: didYouMean(
          ref,
          rendered.map((step) => step.ref),
          "Steps that render",
        ),
      },
    );
  });
}

/** Everyone named, as they would be stored after the trigger; of unknown ones only the id is known. */
async function peopleOf(context: EngineContext<RecipientStore>, trial: Trial): Promise<Map<RecipientKey, Recipient>> {
  const keys = keysOf(trial.trigger);
  const people = withIdentified(trial, await context.store.readRecipients(keys));
  for (const key of keys) if (!people.has(key)) people.set(key, unidentified(key, trial.now));
  return people;
}

/** Gathers what a run would tell by its steps' events. */
class Previewing extends Advancing {
  readonly warned = new Set<string>();

  override warn(text: string): void {
    this.warned.add(text);
  }
}

type CheckVariables = Awaited<ReturnType<typeof variableChecker>>;

function previewChannel(step: ChannelStep, advancing: Previewing, check: CheckVariables): StepPreview[] {
  const base = { ref: step.ref, channel_type: step.channel_type ?? "", warnings: [] };
  const channels = channelsOf(step, advancing);
  if (!Array.isArray(channels)) return [{ ...base, channel: null, contents: [], reason: channels.skip }];
  const { scope, parties, input } = advancing;
  const renderer = input.compiled.renderers.get(step.ref) as ChannelRenderer;
  return channels.map((channel): StepPreview => {
    const shown = { ...base, channel: channel.key };
    const warn = (text: string): void => advancing.warn(text);
    const context = { scope, recipient: parties.recipient, tenant: parties.tenant, channel, warn };
    advancing.warned.clear();
    const at = new Date(input.now).toISOString();
    scope.current_message = { id: ksuid(input.now, input.ids.bytes()), inserted_at: at, updated_at: at };
    try {
      trackingOf(step, channel, input, warn); // a preview is no message that could be clicked: only what is wrong is told
      const destinations = renderer.destinations(context);
      const contents = destinations.map((destination) => renderer.render(context, destination));
      const missing = { code: "missing_recipient_data", detail: renderer.needs } as const;
      const reason = contents.length === 0 ? missing : null;
      return { ...shown, contents, reason, warnings: [...advancing.warned, ...check(step.ref, scope)] };
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      return { ...shown, contents: [], reason: { code: "render_error", detail: error.message } };
    }
  });
}

/** Rendered content stays whole: a template that prints a secret variable is meant to. */
function redactPreview({ contents, ...rest }: StepPreview, secrets: readonly string[]): StepPreview {
  return {
    ...(redactJson(rest as unknown as JsonObject, secrets) as unknown as Omit<StepPreview, "contents">),
    contents,
  };
}

/** Does the work again with each answer that it needs, until it needs no more. */
export async function withAnswers<T>(
  context: EngineContext<AdvanceStore>,
  now: number,
  work: (answers: ReadonlyMap<string, unknown>) => T,
): Promise<T> {
  const answers = new Map<string, unknown>();
  for (;;) {
    try {
      return work(answers);
    } catch (error) {
      if (!(error instanceof NeedsAnswer)) throw error;
      const [answered] = await answer(context, [error.need], now);
      answers.set(error.need.ref, answered);
    }
  }
}

/**
 * Renders channel steps for a trigger's first recipient, as if the run had come to them: conditions, preferences and windows
 * are not asked, and nothing is written. `refs` null renders every channel step; a fetch or agent step that is named is tried, once
 * (E-302). Throws `workflow_missing`,
 * `resource_missing` for an unknown step, `invalid_params` for data against the schema, `template_invalid`.
 */
export async function previewSteps(
  context: EngineContext<AdvanceStore & ClockStore>,
  trigger: Trigger,
  refs: readonly string[] | null,
): Promise<StepPreview[]> {
  const { workflow, environment } = await findWorkflow(context.definitions, trigger.workflow);
  const steps = chosenSteps(workflow, refs);
  checkTriggerData(workflow, trigger.data);
  const compiled = await compileWorkflow(workflow, context.definitions);
  // What would refuse a trigger is told so, and not by the steps.
  if (compiled.translates) await context.definitions.translations();
  const now = await readTime(context);
  const [first] = trigger.recipients;
  if (first === undefined)
    throw new KnockError("usage", "no recipient to render for", { hint: "Name one: --recipient." });
  const trial: Trial = { trigger, compiled, environment, now };
  const input = trialInput(context, trial, first, await peopleOf(context, trial));
  const requests = new Map<string, JsonObject | null>();
  const check = variableChecker(compiled);
  return withAnswers(context, now, (answers) => {
    const advancing = new Previewing({ ...input, answers }, input.recipientRun);
    const previews = steps.flatMap((step) =>
      step.type === "channel" ? previewChannel(step, advancing, check) : testStep(step, advancing, requests),
    );
    return previews.map((preview) => redactPreview(preview, input.environment.secrets));
  });
}
