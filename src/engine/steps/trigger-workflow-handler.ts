import { checkTriggerData } from "../../domain/data-schema/check-trigger-data.js";
import { formatRecipient, type RecipientKey, toRecipientReference } from "../../domain/recipient/recipient.js";
import type { PendingTrigger } from "../../domain/run/batch-continuations.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import { createWorkflowRun } from "../../domain/run/workflow-run.js";
import type { TriggerWorkflowStep } from "../../domain/step-types/trigger-workflow-step.js";
import { parseTrigger } from "../../domain/trigger/parse-trigger.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Json } from "../../util/json.js";
import { PendingQueryError } from "../context/pending-query.js";
import { MAX_TRIGGER_DEPTH } from "../execution/begin-run.js";
import { buildFanOut, collectInlineUpserts } from "../execution/build-fan-out.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import { RenderError, renderText } from "../liquid/liquid.js";
import type { StepHandler } from "./step-handler.js";

/** Limits the recipients named in a reason or warning. */
const MAX_NAMED_RECIPIENTS = 5;

/**
 * Parses rendered text as JSON if it is valid JSON, otherwise as an id (E-321, EQ-50). Returns undefined for blank
 * text.
 */
function parseRenderedValue(rendered: string): Json | undefined {
  const text = rendered.trim();
  if (text === "" || text === "null") return undefined;
  try {
    const value: Json = JSON.parse(text);
    return typeof value === "object" || typeof value === "string" ? value : text;
  } catch {
    return text;
  }
}

/** Builds the step's trigger, checked as any trigger. An error fails the step (E-318). */
function buildTrigger(step: TriggerWorkflowStep, execution: RunExecution): Trigger {
  const { settings } = step;
  const { run } = execution;
  const render = (source: string): string => renderText(source, execution.scope);
  const recipients = parseRenderedValue(render(settings.recipients));
  // The default template renders an id. For an object recipient it means the complete reference (EQ-50).
  const isDefault = settings.recipients.replaceAll(/\s/g, "") === "{{recipient.id}}";
  const own = execution.scope.recipient as { id: string; collection?: string };
  const cancellationKey = render(settings.cancellation_key).trim();
  const dataText = render(settings.data).trim();
  let data: unknown;
  try {
    data = dataText === "" ? {} : JSON.parse(dataText);
  } catch (error) {
    throw new RenderError("data is invalid JSON once rendered", { cause: error });
  }
  const actor =
    settings.actor.replaceAll(/\s/g, "") === "{{actor.id}}"
      ? execution.input.run.actor
      : parseRenderedValue(render(settings.actor));
  try {
    const { trigger } = parseTrigger(
      {
        recipients:
          isDefault && own.collection !== undefined ? { id: own.id, collection: own.collection } : (recipients ?? []),
        tenant: parseRenderedValue(render(settings.tenant)) ?? null,
        data,
        cancellation_key: cancellationKey === "" ? null : cancellationKey,
        actor: execution.input.run.actor !== null && actor === execution.input.run.actor ? null : (actor ?? null),
      },
      settings.workflow_key,
      `step ${step.ref} of run ${run.id}`,
    );
    return trigger;
  } catch (error) {
    if (error instanceof KnockError) throw new RenderError(error.message, { cause: error });
    throw error;
  }
}

function buildPendingTrigger(step: TriggerWorkflowStep, version: Workflow, execution: RunExecution): PendingTrigger {
  const { input } = execution;
  const trigger = buildTrigger(step, execution);
  try {
    checkTriggerData(version, trigger.data);
  } catch (error) {
    if (error instanceof KnockError) throw new RenderError(error.message, { cause: error });
    throw error;
  }
  const depth = (input.run.trigger_source.depth ?? 0) + 1;
  const ownActor = step.settings.actor.replaceAll(/\s/g, "") === "{{actor.id}}" ? input.run.actor : null;
  return {
    run: createWorkflowRun(version, {
      id: input.ids.uuid(),
      actor: trigger.actor?.key ?? ownActor,
      tenant: trigger.tenant?.id ?? null,
      data: trigger.data,
      cancellation_key: trigger.cancellation_key,
      settings: input.run.settings,
      trigger_source: { type: "workflow_step", depth },
      inserted_at: input.now,
    }),
    version,
    fanOut: buildFanOut(trigger.recipients),
    upserts: collectInlineUpserts(trigger, input.environment).map((upsert) => ({ ...upsert, depth })),
  };
}

/**
 * Returns the recipients of a trigger that were never identified (E-043), because they would get no run and no notice.
 * Recipients that the run has read, or that the trigger identifies, are not looked up.
 */
function findUnidentifiedRecipients(
  { ref }: TriggerWorkflowStep,
  { fanOut, upserts }: PendingTrigger,
  execution: RunExecution,
): RecipientKey[] {
  const identified = new Set([...upserts, ...execution.unwrittenUpserts].map(({ key }) => key));
  const unknownKeys = fanOut.listed
    .map(({ key }) => key)
    .filter((key) => !identified.has(key) && !execution.input.recipients.has(key));
  if (unknownKeys.length === 0) return [];
  const queryRef = `${ref} recipients`;
  const known = execution.input.queryResults.get(queryRef) as ReadonlySet<RecipientKey> | undefined;
  if (known === undefined) throw new PendingQueryError({ kind: "known_recipients", ref: queryRef, keys: unknownKeys });
  return unknownKeys.filter((key) => !known.has(key));
}

/** Returns `zed, projects/p9`, with the number of further recipients. */
function formatRecipientKeys(keys: readonly RecipientKey[]): string {
  const names = keys.slice(0, MAX_NAMED_RECIPIENTS).map((key) => formatRecipient(toRecipientReference(key)));
  return names.join(", ") + (keys.length > names.length ? ` and ${keys.length - names.length} more` : "");
}

/** Triggers the newest version of another workflow. The run continues without waiting for it (section 20). */
function executeTriggerWorkflow(step: TriggerWorkflowStep, execution: RunExecution): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "trigger_workflow", outcome: "passed", reason: null };
  const unmet = execution.skipByConditions(step, base);
  if (unmet) return unmet;
  const key = renderText(step.settings.workflow_key, execution.scope).trim();
  const version = execution.input.queryResults.get(step.ref) as Workflow | RenderError | null | undefined;
  if (version === undefined) throw new PendingQueryError({ kind: "workflow", ref: step.ref, key });
  if (version instanceof RenderError) throw version;
  if (version === null) {
    return { outcome: { ...base, outcome: "skipped", reason: { code: "workflow_unavailable", detail: key } } }; // E-317
  }
  if ((execution.input.run.trigger_source.depth ?? 0) >= MAX_TRIGGER_DEPTH) {
    const detail = `workflows trigger each other more than ${MAX_TRIGGER_DEPTH} deep`;
    const reason = { code: "trigger_depth", detail } as const;
    return { haltsRun: true, isError: true, outcome: { ...base, outcome: "failed", reason }, log: { error: detail } };
  }
  const trigger = buildPendingTrigger(step, version, execution);
  const unidentified = findUnidentifiedRecipients(step, trigger, execution);
  // An object that was never identified may still have subscribers.
  const isForNobody = unidentified.length === trigger.fanOut.listed.length && trigger.fanOut.objects.length === 0;
  if (unidentified.length > 0 && isForNobody) {
    const reason = { code: "recipient_not_found", detail: formatRecipientKeys(unidentified) } as const;
    return { outcome: { ...base, outcome: "skipped", reason }, log: { workflow: key } };
  }
  if (unidentified.length > 0)
    execution.warn(`recipients that were never identified receive nothing: ${formatRecipientKeys(unidentified)}`);
  return { outcome: base, trigger, log: { workflow: key, workflow_run_id: trigger.run.id } };
}

export const triggerWorkflowHandler: StepHandler<TriggerWorkflowStep> = {
  execute: (step, _resumed, execution) => executeTriggerWorkflow(step, execution),
};
