import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import type { StepPreview } from "../../domain/run/step-preview.js";
import { checkTriggerData } from "../../domain/shape/trigger-data-schema.js";
import type { Step } from "../../domain/step/step.js";
import { isChannelStep } from "../../domain/steps/channel.js";
import { stepDefinition } from "../../domain/steps/registry.js";
import { walkSteps } from "../../domain/steps/walk-steps.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { ClockStore } from "../../ports/clock.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { JsonObject } from "../../util/json.js";
import { didYouMean } from "../../util/nearest.js";
import { redactJson } from "../../util/redact-secrets.js";
import { Previewing, type PreviewTools } from "../advancing/previewing.js";
import { compileWorkflow } from "../compile/compile-workflow.js";
import { type AdvanceStore, type EngineContext, readTime } from "../context/engine-context.js";
import { NeedsAnswer } from "../context/need.js";
import { answer } from "../run/advance-many.js";
import { variableChecker } from "../run/check-variables.js";
import { type Trial, trialInput, unidentified, withIdentified } from "../run/trial-run.js";
import { keysOf } from "../run/trigger-workflow.js";
import { engineStep } from "../steps/registry.js";
import { findWorkflow } from "../workflow/find-workflow.js";

/** The steps to show: those named, or all that render. Steps that ask outside are only tried if they are named. */
function chosenSteps(workflow: Workflow, refs: readonly string[] | null): Step[] {
  const steps = [...walkSteps(workflow.steps)].map(({ step }) => step);
  const previewOf = (step: Step) => engineStep(step).previews?.(step);
  const rendered = steps.filter((step) => previewOf(step) === "always");
  if (refs === null) return rendered;
  return refs.map((ref) => {
    const found = steps.find((step) => step.ref === ref);
    if (found !== undefined && previewOf(found) !== undefined) return found;
    throw new KnockError(
      "resource_missing",
      found
        ? `step "${ref}" of workflow "${workflow.key}" is ${isChannelStep(found) ? "an in-app guide" : stepDefinition(found).label} step: it renders no message`
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
  const tools: PreviewTools = { checkVariables: variableChecker(compiled), requests: new Map() };
  return withAnswers(context, now, (answers) => {
    const previewing = new Previewing({ ...input, answers }, input.recipientRun, tools);
    const previews = steps.flatMap((step) => engineStep(step).preview?.(step, previewing) ?? []);
    return previews.map((preview) => redactPreview(preview, input.environment.secrets));
  });
}
