import type { Environment } from "../../domain/environment/environment.js";
import { mergeRecipient } from "../../domain/recipient/merge-recipient.js";
import { keyOf, type Recipient, type RecipientKey, TENANTS } from "../../domain/recipient/recipient.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import { type AdvanceInput, Advancing } from "../advancing/advancing.js";
import { identifiedBy } from "../advancing/fan-out-start.js";
import type { EngineContext } from "../context/engine-context.js";
import type { RenderScope } from "../liquid/liquid.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { newRun, workflowRunOf } from "./start-runs.js";

/** What a trigger would start runs of. */
export interface Trial {
  trigger: Trigger;
  compiled: CompiledWorkflow;
  environment: Environment;
  now: number;
}

/** Lays what the trigger identifies inline over the recipients that the store knows. */
export function withIdentified(
  { trigger, environment, now }: Pick<Trial, "trigger" | "environment" | "now">,
  known: ReadonlyMap<RecipientKey, Recipient>,
): Map<RecipientKey, Recipient> {
  const people = new Map(known);
  for (const upsert of identifiedBy(trigger, environment)) {
    const before = people.get(upsert.key) ?? unidentified(upsert.key, now);
    people.set(upsert.key, { ...before, ...mergeRecipient(before, upsert) });
  }
  return people;
}

/** A recipient of whom only the id is known. */
export function unidentified(key: RecipientKey, now: number): Recipient {
  return { key, properties: {}, preferences: {}, channel_data: {}, inserted_at: now, updated_at: now };
}

/** The input of one recipient's first advance, as the trigger would make it. Nothing is stored. */
export function trialInput(
  context: Pick<EngineContext<unknown>, "ids">,
  { trigger, compiled, environment, now }: Trial,
  { key, trigger_data }: Trigger["recipients"][number],
  people: ReadonlyMap<RecipientKey, Recipient>,
): AdvanceInput {
  const run = workflowRunOf(trigger, compiled.workflow, context.ids.uuid(), now);
  const of = (key: RecipientKey | null): Recipient | null => (key === null ? null : (people.get(key) ?? null));
  return {
    recipient: of(key) ?? unidentified(key, now),
    actor: of(run.actor),
    tenant: of(run.tenant === null ? null : keyOf({ id: run.tenant, collection: TENANTS })),
    subscribedObject: null,
    people,
    run,
    recipientRun: newRun({ run, now }, { key, trigger_data, via: null }),
    environment,
    compiled,
    messages: [],
    batch: null,
    signals: [],
    now,
    ids: context.ids,
    unavailable: false,
    usedUp: false,
    answers: new Map(),
  };
}

/** What the templates of one recipient's run would read at its first step. */
export function trialScope(...args: Parameters<typeof trialInput>): RenderScope {
  const input = trialInput(...args);
  return new Advancing(input, input.recipientRun).scope;
}
