import { type RecipientKey, splitKey, USERS } from "../../domain/recipient/recipient.js";
import type { PendingTrigger } from "../../domain/run/batch.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import { checkTriggerData } from "../../domain/shape/trigger-data-schema.js";
import type { TriggerWorkflowStep } from "../../domain/steps/trigger-workflow.js";
import { parseTrigger } from "../../domain/trigger/parse-trigger.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Json } from "../../util/json.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { MAX_TRIGGER_DEPTH } from "../advancing/begin-run.js";
import { distinctRecipients, fanOutOf, identifiedBy } from "../advancing/fan-out-start.js";
import { unmetConditions } from "../advancing/step-conditions.js";
import { NeedsAnswer } from "../context/need.js";
import { RenderError, renderText } from "../liquid/liquid.js";
import type { EngineStep } from "./engine-step.js";

/** Of recipients that are told of. */
const MAX_NAMED = 5;

/** Rendered text as JSON where it is JSON, else as an id (E-321, EQ-50); undefined for blank. */
function renderedValue(rendered: string): Json | undefined {
  const text = rendered.trim();
  if (text === "" || text === "null") return undefined;
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === "object" || typeof value === "string" ? value : text;
  } catch {
    return text;
  }
}

/** What the step asks for, checked as any trigger is; a fault fails the step (E-318). */
function triggerOf(step: TriggerWorkflowStep, advancing: Advancing): Trigger {
  const { settings } = step;
  const { run } = advancing;
  const render = (source: string): string => renderText(source, advancing.scope);
  const recipients = renderedValue(render(settings.recipients));
  // The default template names an id; of an object recipient the whole reference is meant (EQ-50).
  const isDefault = settings.recipients.replaceAll(/\s/g, "") === "{{recipient.id}}";
  const own = advancing.scope.recipient as { id: string; collection?: string };
  const cancellationKey = render(settings.cancellation_key).trim();
  const dataText = render(settings.data).trim();
  let data: unknown;
  try {
    data = dataText === "" ? {} : JSON.parse(dataText);
  } catch (error) {
    throw new RenderError("data is not valid JSON once rendered", { cause: error });
  }
  const actor =
    settings.actor.replaceAll(/\s/g, "") === "{{actor.id}}"
      ? advancing.input.run.actor
      : renderedValue(render(settings.actor));
  try {
    const { trigger } = parseTrigger(
      {
        recipients:
          isDefault && own.collection !== undefined ? { id: own.id, collection: own.collection } : (recipients ?? []),
        tenant: renderedValue(render(settings.tenant)) ?? null,
        data,
        cancellation_key: cancellationKey === "" ? null : cancellationKey,
        actor: advancing.input.run.actor !== null && actor === advancing.input.run.actor ? null : (actor ?? null),
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

function pendingTrigger(step: TriggerWorkflowStep, version: Workflow, advancing: Advancing): PendingTrigger {
  const { input } = advancing;
  const trigger = triggerOf(step, advancing);
  try {
    checkTriggerData(version, trigger.data);
  } catch (error) {
    if (error instanceof KnockError) throw new RenderError(error.message, { cause: error });
    throw error;
  }
  const depth = (input.run.trigger_source.depth ?? 0) + 1;
  const ownActor = step.settings.actor.replaceAll(/\s/g, "") === "{{actor.id}}" ? input.run.actor : null;
  return {
    run: {
      id: input.ids.uuid(),
      workflow: version.key,
      version_id: version.version_id,
      actor: trigger.actor?.key ?? ownActor,
      tenant: trigger.tenant?.id ?? null,
      data: trigger.data,
      cancellation_key: trigger.cancellation_key,
      settings: input.run.settings,
      trigger_source: { type: "workflow_step", depth },
      inserted_at: input.now,
    },
    version,
    fanOut: fanOutOf(distinctRecipients(trigger)),
    upserts: identifiedBy(trigger, input.environment).map((upsert) => ({ ...upsert, depth })),
  };
}

/**
 * Those of a trigger's recipients that were never identified (E-043): their runs would be missing without a word. Whoever the
 * run knows, or the trigger identifies, is not asked about.
 */
function unidentifiedIn(
  { ref }: TriggerWorkflowStep,
  { fanOut, upserts }: PendingTrigger,
  advancing: Advancing,
): RecipientKey[] {
  const identified = new Set([...upserts, ...advancing.unwritten].map(({ key }) => key));
  const doubtful = fanOut.listed
    .map(({ key }) => key)
    .filter((key) => !identified.has(key) && !advancing.input.people.has(key));
  if (doubtful.length === 0) return [];
  const place = `${ref} recipients`;
  const known = advancing.input.answers.get(place) as ReadonlySet<RecipientKey> | undefined;
  if (known === undefined) throw new NeedsAnswer({ kind: "identified", ref: place, keys: doubtful });
  return doubtful.filter((key) => !known.has(key));
}

/** `zed, projects/p9`, and how many more. */
function named(keys: readonly RecipientKey[]): string {
  const names = keys.slice(0, MAX_NAMED).map((key) => {
    const { collection, id } = splitKey(key);
    return collection === USERS ? id : `${collection}/${id}`;
  });
  return names.join(", ") + (keys.length > names.length ? ` and ${keys.length - names.length} more` : "");
}

/** Triggers another workflow's newest version for this recipient; the run goes on without waiting (section 20). */
function executeTriggerWorkflow(step: TriggerWorkflowStep, advancing: Advancing): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "trigger_workflow", outcome: "passed", reason: null };
  const unmet = unmetConditions(step, base, advancing);
  if (unmet) return unmet;
  const key = renderText(step.settings.workflow_key, advancing.scope).trim();
  const version = advancing.input.answers.get(step.ref) as Workflow | RenderError | null | undefined;
  if (version === undefined) throw new NeedsAnswer({ kind: "workflow", ref: step.ref, key });
  if (version instanceof RenderError) throw version;
  if (version === null) {
    return { outcome: { ...base, outcome: "skipped", reason: { code: "workflow_unavailable", detail: key } } }; // E-317
  }
  if ((advancing.input.run.trigger_source.depth ?? 0) >= MAX_TRIGGER_DEPTH) {
    const detail = `workflows trigger each other more than ${MAX_TRIGGER_DEPTH} deep`;
    const reason = { code: "trigger_depth", detail } as const;
    return { halt: true, error: true, outcome: { ...base, outcome: "failed", reason }, log: { error: detail } };
  }
  const trigger = pendingTrigger(step, version, advancing);
  const unidentified = unidentifiedIn(step, trigger, advancing);
  // An object that nobody identified may have subscribers all the same.
  const isForNobody = unidentified.length === trigger.fanOut.listed.length && trigger.fanOut.objects.length === 0;
  if (unidentified.length > 0 && isForNobody) {
    const reason = { code: "recipient_not_found", detail: named(unidentified) } as const;
    return { outcome: { ...base, outcome: "skipped", reason }, log: { workflow: key } };
  }
  if (unidentified.length > 0) advancing.warn(`never identified, so that they get nothing: ${named(unidentified)}`);
  return { outcome: base, trigger, log: { workflow: key, workflow_run_id: trigger.run.id } };
}

export const triggerWorkflow: EngineStep<TriggerWorkflowStep> = {
  execute: (step, _resumed, advancing) => executeTriggerWorkflow(step, advancing),
};
