import type { Environment } from "../../domain/environment/environment.js";
import { mergeUpserts } from "../../domain/recipient/merge-recipient.js";
import {
  buildUnidentifiedRecipient,
  type Recipient,
  type RecipientKey,
  type RecipientUpsert,
  TENANTS,
  toRecipientKey,
} from "../../domain/recipient/recipient.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import { systemIds } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import type { RunParties } from "../context/build-scope.js";
import type { EngineContext } from "../context/engine-context.js";
import { type AdvanceInput, buildAdvanceInput } from "../execution/advance-input.js";
import { collectInlineUpserts } from "../execution/build-fan-out.js";
import { RunExecution } from "../execution/run-execution.js";
import type { RenderScope } from "../liquid/liquid.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { buildRecipientRun, buildWorkflowRun } from "./start-runs.js";

/** A trigger that is checked or previewed, with all that its runs would start from. */
export interface TriggerTrial {
  trigger: Trigger;
  compiled: CompiledWorkflow;
  environment: Environment;
  now: number;
}

/** Merges the recipients that the trigger identifies inline into the stored recipients. */
export function applyInlineRecipients(
  { trigger, environment, now }: Pick<TriggerTrial, "trigger" | "environment" | "now">,
  known: ReadonlyMap<RecipientKey, Recipient>,
): Map<RecipientKey, Recipient> {
  return mergeUpserts(known, collectInlineUpserts(trigger, environment), now);
}

/** Builds the input of one recipient's first advance, as the trigger would. Nothing is stored. */
export function buildTrialInput(
  context: Pick<EngineContext<unknown>, "ids">,
  { trigger, compiled, environment, now }: TriggerTrial,
  { key, trigger_data }: Trigger["recipients"][number],
  recipients: ReadonlyMap<RecipientKey, Recipient>,
): AdvanceInput {
  const run = buildWorkflowRun(trigger, compiled.workflow, context.ids.uuid(), now);
  const recipientRun = buildRecipientRun({ run, now }, { key, trigger_data, via: null });
  const find = (other: RecipientKey | null): Recipient | null =>
    other === null ? null : (recipients.get(other) ?? null);
  const parties: RunParties = {
    recipient: find(key) ?? buildUnidentifiedRecipient(key, now),
    actor: find(run.actor),
    tenant: find(run.tenant === null ? null : toRecipientKey({ id: run.tenant, collection: TENANTS })),
    subscribedObject: null,
  };
  return buildAdvanceInput(context, parties, { recipients, run, recipientRun, environment, compiled, now });
}

/** Builds executions at the first step of a run for each recipient, without a trigger and a store. */
export function buildSampleExecutions(
  { compiled, environment, now }: Omit<TriggerTrial, "trigger">,
  recipients: readonly RecipientUpsert[],
  data: JsonObject,
): RunExecution[] {
  const trigger: Trigger = {
    workflow: compiled.workflow.key,
    recipients: recipients.map((upsert) => ({ key: upsert.key, upsert, trigger_data: null })),
    actor: null,
    tenant: null,
    data,
    cancellation_key: null,
    settings: { sandbox_mode: false, skip_delay: false },
    payload: {},
  };
  const trial = { trigger, compiled, environment, now };
  const identified = applyInlineRecipients(trial, new Map());
  return trigger.recipients.map((recipient) => {
    const input = buildTrialInput({ ids: systemIds }, trial, recipient, identified);
    return new RunExecution(input, input.recipientRun);
  });
}

/** Builds the scope that the templates of one recipient's run would have at its first step. */
export function buildTrialScope(...args: Parameters<typeof buildTrialInput>): RenderScope {
  const input = buildTrialInput(...args);
  return new RunExecution(input, input.recipientRun).scope;
}
