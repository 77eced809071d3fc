import { checkTriggerData } from "../../domain/data-schema/check-trigger-data.js";
import { buildUnidentifiedRecipient, type Recipient, type RecipientKey } from "../../domain/recipient/recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { StepPreview } from "../../domain/run/step-preview.js";
import type { Step } from "../../domain/step/step.js";
import type { BatchStep } from "../../domain/step-types/batch-step.js";
import { isChannelStep } from "../../domain/step-types/channel-step.js";
import { isDelayStep } from "../../domain/step-types/delay-step.js";
import { findReducedSteps } from "../../domain/step-types/reduced-steps.js";
import { getStepDefinition } from "../../domain/step-types/step-definitions.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import { collectRecipientKeys, type Trigger } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { ClockStore } from "../../ports/clock-store.js";
import type { Definitions } from "../../ports/definitions.js";
import type { PreviewOptions } from "../../ports/preview-options.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import { didYouMean } from "../../util/find-nearest.js";
import type { JsonObject } from "../../util/json.js";
import { redactJson } from "../../util/redact-secrets.js";
import { compileWorkflow } from "../compile/compile-workflow.js";
import { buildBatchView } from "../context/build-batch-view.js";
import { type EngineContext, type QueryStore, readTime } from "../context/engine-context.js";
import { renderWithQueries } from "../context/pending-query.js";
import type { AdvanceInput } from "../execution/advance-input.js";
import { PreviewExecution, type PreviewTools } from "../execution/preview-execution.js";
import { resolveQueries } from "../run/advance-many.js";
import { createVariableChecker } from "../run/check-variables.js";
import { applyInlineRecipients, buildTrialInput, type TriggerTrial } from "../run/trial-run.js";
import { resolveFieldPath } from "../schedule/resolve-delay-end.js";
import { getStepHandler } from "../steps/step-handlers.js";
import { resolveBranchContext } from "../workflow/branch-context.js";
import { findWorkflow } from "../workflow/find-workflow.js";

/**
 * Returns the steps to preview: the named ones, or all that render a message. Steps that send requests are previewed
 * only if they are named.
 */
function selectSteps(workflow: Workflow, refs: readonly string[] | null): Step[] {
  const steps = [...walkSteps(workflow.steps)].map(({ step }) => step);
  const getPreviewMode = (step: Step) => getStepHandler(step).getPreviewMode?.(step);
  const rendered = steps.filter((step) => getPreviewMode(step) === "always");
  if (refs === null) return rendered;
  return refs.map((ref) => {
    const found = steps.find((step) => step.ref === ref);
    if (found !== undefined && getPreviewMode(found) !== undefined) return found;
    throw new KnockError(
      "resource_missing",
      found
        ? `step "${ref}" of workflow "${workflow.key}" is ${isChannelStep(found) ? "an in-app guide" : getStepDefinition(found).label} step, so there is nothing to render`
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

/** Returns all recipients of a trigger as they would be stored after it. An unidentified one has only an id. */
async function readTrialRecipients(
  context: EngineContext<RecipientStore>,
  trial: TriggerTrial,
): Promise<Map<RecipientKey, Recipient>> {
  const keys = collectRecipientKeys(trial.trigger);
  const recipients = applyInlineRecipients(trial, await context.store.readRecipients(keys));
  for (const key of keys) if (!recipients.has(key)) recipients.set(key, buildUnidentifiedRecipient(key, trial.now));
  return recipients;
}

/** Redacts everything except rendered content, because a template that prints a secret variable is meant to. */
function redactPreview({ contents, ...rest }: StepPreview, secrets: readonly string[]): StepPreview {
  return {
    ...(redactJson(rest as JsonObject, secrets) as Omit<StepPreview, "contents">),
    contents,
  };
}

/** Renders with the results of all queries that are pending. A named step with a request sends it. */
export function renderWithResults<T>(
  context: EngineContext<QueryStore>,
  now: number,
  render: (queryResults: ReadonlyMap<string, unknown>) => T,
): Promise<T> {
  return renderWithQueries(render, async (query) => (await resolveQueries(context, [query], now))[0]);
}

/** Returns a warning for each delay that would not wait, by the refs of the steps after it. One without a value is not checked. */
function findSkippedDelays(steps: readonly Step[], execution: PreviewExecution): Map<string, string[]> {
  const found: { list: string; warning: string }[] = [];
  const warnings = new Map<string, string[]>();
  for (const { step, path } of walkSteps(steps)) {
    const before = found.filter(({ list }) => path.startsWith(list));
    warnings.set(
      step.ref,
      before.map(({ warning }) => warning),
    );
    const timePath = isDelayStep(step) ? step.settings.delay_until_field_path : null;
    if (timePath === null) continue;
    const value = resolveFieldPath(timePath, execution.conditionScope.variables);
    const reason = value === undefined ? null : getStepHandler(step).execute(step, false, execution).outcome.reason;
    if (reason?.code === "invalid_window")
      found.push({
        list: path.slice(0, path.lastIndexOf("[") + 1),
        warning: `${step.ref} is skipped: ${reason.detail}`,
      });
  }
  return warnings;
}

/** Returns the input of a step after a batch that closed with the trigger as its only activity (E-276). */
function buildBatchedInput(input: AdvanceInput, { ref, settings }: BatchStep): AdvanceInput {
  const { run, recipientRun, now } = input;
  const activity = { id: recipientRun.id, actor: run.actor, data: recipientRun.data ?? run.data, at: now };
  const batch = {
    first: [activity],
    last: [activity],
    total_activities: 1,
    total_actors: run.actor === null ? 0 : 1,
  };
  const steps: StepOutcome[] = [{ ref, type: "batch", outcome: "passed", reason: null }];
  const data = buildBatchView(batch, settings).reducedData;
  return { ...input, batch, recipientRun: { ...recipientRun, data, steps } };
}

/** Returns definitions in which drafts take precedence. */
function addDrafts(definitions: Definitions, drafts: PreviewOptions["drafts"] = {}): Definitions {
  const { workflow, emailLayout, partial } = drafts;
  return {
    ...definitions,
    workflow: async (key) => (workflow?.key === key ? workflow : definitions.workflow(key)),
    emailLayout: async (key) => (emailLayout?.key === key ? emailLayout : definitions.emailLayout(key)),
    partial: async (key) => (partial?.key === key ? partial : definitions.partial(key)),
  };
}

/**
 * Renders channel steps for a trigger's first recipient, as if a run had reached them. Conditions, preferences and
 * windows are not evaluated, and nothing is written. If `refs` is null, renders every channel step. A named fetch or
 * agent step sends its request once (E-302). Throws `workflow_missing`, `resource_missing` for an unknown step,
 * `invalid_params` for data that does not match the schema, `template_invalid`.
 */
export async function previewSteps(
  mainContext: EngineContext<QueryStore & ClockStore>,
  trigger: Trigger,
  refs: readonly string[] | null,
  { branch = mainContext.branch, drafts }: PreviewOptions = {},
): Promise<StepPreview[]> {
  const resolved = resolveBranchContext(mainContext, branch).context;
  const context = { ...resolved, definitions: addDrafts(resolved.definitions, drafts) };
  const { workflow, environment } = await findWorkflow(context.definitions, trigger.workflow);
  const steps = selectSteps(workflow, refs);
  checkTriggerData(workflow, trigger.data);
  const compiled = await compileWorkflow(workflow, context.definitions);
  // Errors that reject a trigger are thrown here and not reported per step.
  if (compiled.usesTranslations) await context.definitions.translations();
  const now = await readTime(context);
  const [first] = trigger.recipients;
  if (first === undefined) throw new KnockError("usage", "no recipient given", { hint: "Add --recipient." });
  const trial: TriggerTrial = { trigger, compiled, environment, now };
  const input = buildTrialInput(context, trial, first, await readTrialRecipients(context, trial));
  const reduced = [...findReducedSteps(workflow.steps)];
  const inputs = new Map(reduced.map(([ref, { batch }]) => [ref, buildBatchedInput(input, batch)]));
  const tools: PreviewTools = { checkVariables: createVariableChecker(compiled), requests: new Map() };
  return renderWithResults(context, now, (queryResults) => {
    const delays = findSkippedDelays(
      workflow.steps,
      new PreviewExecution({ ...input, queryResults }, input.recipientRun, tools),
    );
    const previews = steps.flatMap((step) => {
      const stepInput = inputs.get(step.ref) ?? input;
      const execution = new PreviewExecution({ ...stepInput, queryResults }, stepInput.recipientRun, tools);
      const found = getStepHandler(step).preview?.(step, execution) ?? [];
      return found.map((preview) => ({
        ...preview,
        warnings: [...preview.warnings, ...(delays.get(step.ref) ?? [])],
      }));
    });
    return previews.map((preview) => redactPreview(preview, input.environment.secrets));
  });
}
