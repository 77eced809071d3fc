import type { BatchContent, BatchJoin, PendingTrigger } from "../domain/batch.js";
import { mergeRecipient } from "../domain/merge-recipient.js";
import type { Message } from "../domain/message.js";
import type { StepOutcome } from "../domain/outcome.js";
import type { Recipient, RecipientKey, RecipientUpsert } from "../domain/recipient.js";
import type { BatchStep } from "../domain/step-types.js";
import { type Step, walkSteps } from "../domain/workflow.js";
import type { RecipientRun, RunEvent } from "../domain/workflow-run.js";
import type { AgentRequest, OutsideRequest } from "../ports/outside.js";
import type { ThrottlePass } from "../ports/store.js";
import type { IdSource } from "../util/ids.js";
import type { JsonObject } from "../util/json.js";
import { type BatchView, batchView } from "./batch-view.js";
import type { CompiledWorkflow } from "./compile-workflow.js";
import { type ConditionScope, describeCondition, type EvaluatedCondition } from "./conditions.js";
import { stepMessageState } from "./message-state.js";
import { type RenderScope, renderText } from "./render/liquid.js";
import { buildScope, type RunParties, type ScopeInput } from "./scope.js";

export interface AdvanceInput extends Omit<ScopeInput, "workflow" | "batch"> {
  compiled: CompiledWorkflow;
  /** Messages the run made before, oldest first. */
  messages: readonly Message[];
  now: number;
  ids: IdSource;
  /** The workflow is gone or switched off: the run ends instead of going on (E-020, E-023). */
  unavailable: boolean;
  /** A once-only workflow that this recipient already used up (E-068). */
  usedUp: boolean;
  /** The batch the run holds or went on with. */
  batch: BatchContent | null;
  /** Answers to what steps needed, by step ref. */
  answers: ReadonlyMap<string, unknown>;
}

/** What a step must be told before it can execute: an advance touches nothing outside. */
export type Need =
  | { kind: "throttle"; ref: string; pass: ThrottlePass }
  /** The newest version of a workflow (E-024), with whether it may run; null where there is none. */
  | { kind: "workflow"; ref: string; key: string }
  | { kind: "fetch"; ref: string; request: OutsideRequest }
  | { kind: "agent"; ref: string; request: AgentRequest };

/** Thrown by a step whose answer is not there yet; the advance then answers with the need. */
export class NeedsAnswer extends Error {
  constructor(readonly need: Need) {
    super(`step ${need.ref} needs an answer`);
  }
}

/** What a step did. `wait` pauses the run there; `enter` goes into a branch; `halt` ends the run. */
export interface StepEffect {
  outcome: StepOutcome;
  messages?: Message[];
  wait?: { until: number };
  enter?: number;
  halt?: boolean;
  /** The run's data from here on. */
  data?: JsonObject;
  /** Recipients changed, visible from the next step on (E-087). */
  upserts?: RecipientUpsert[];
  /** A workflow run that starts once this advance is written. */
  trigger?: PendingTrigger;
  /** The run is at a batch, with what joining or opening it takes. */
  batch?: Pick<BatchJoin, "key" | "closes_at" | "sliding" | "max_items"> & { leads: boolean };
  /** Data of the step's event, such as the conditions evaluated. */
  log?: JsonObject;
  /** The step's event is an error (E-331). */
  error?: boolean;
}

/** One advance in the making: what steps read, and where they record. */
export class Advancing {
  scope: RenderScope;
  conditionScope: ConditionScope;
  made: Message[] = [];
  upserts: RecipientUpsert[] = [];
  triggers: PendingTrigger[] = [];
  executed: StepOutcome[] = [];
  parties: RunParties;
  batch: BatchView | null;
  private readonly warnings: string[] = [];

  constructor(
    readonly input: AdvanceInput,
    readonly run: RecipientRun,
  ) {
    this.parties = {
      recipient: input.recipient,
      actor: input.actor,
      tenant: input.tenant,
      subscribedObject: input.subscribedObject,
    };
    this.batch = input.batch === null ? null : this.viewOf(input.batch);
    this.scope = this.buildScope();
    this.conditionScope = this.buildConditionScope();
  }

  /** The same state to go on from in another way; what it made so far stays with the original. */
  fork(): Advancing {
    const copy = new Advancing(this.input, copyRun(this.run));
    copy.parties = this.parties;
    copy.batch = this.batch;
    copy.made = [...this.made];
    copy.executed = [...this.executed];
    copy.refresh();
    return copy;
  }

  /** Data or people changed: what comes next sees them. */
  refresh(): void {
    this.scope = this.buildScope();
    this.conditionScope = this.buildConditionScope();
  }

  /** Applies changes of recipients to those of this run. */
  upsert(changes: readonly RecipientUpsert[]): void {
    this.upserts.push(...changes);
    const change = (recipient: Recipient | null): Recipient | null => {
      let current = recipient;
      for (const one of changes) {
        if (current !== null && one.key === current.key)
          current = Object.assign({}, current, mergeRecipient(current, one), { updated_at: this.input.now });
      }
      return current;
    };
    this.parties = {
      recipient: change(this.parties.recipient) as Recipient,
      actor: change(this.parties.actor),
      tenant: change(this.parties.tenant),
      subscribedObject: change(this.parties.subscribedObject),
    };
  }

  person(key: RecipientKey): Recipient | null {
    return this.input.people.get(key) ?? null;
  }

  /** The step whose batch the run is in or came from: its settings say what is rendered. */
  private viewOf(content: BatchContent): BatchView | null {
    const ref = this.run.steps.findLast((step) => step.type === "batch")?.ref;
    for (const { step } of walkSteps(this.input.compiled.workflow.steps)) {
      if (step.type === "batch" && step.ref === ref) return batchView(content, (step as BatchStep).settings);
    }
    return null;
  }

  private buildScope(): RenderScope {
    const { input, run, parties, batch } = this;
    return buildScope({ ...input, ...parties, recipientRun: run, workflow: input.compiled.workflow, batch });
  }

  private buildConditionScope(): ConditionScope {
    const { scope, input } = this;
    // Conditions see the merged data of a batch whole (EQ-67); templates see it reduced.
    const variables = this.batch === null ? scope : { ...scope, data: this.run.data ?? input.run.data };
    return {
      variables,
      refs: (ref) => stepMessageState(ref, input.messages, this.made),
      now: input.now,
      renderLiquid: (text) => renderText(text, this.scope),
    };
  }

  /**
   * The zone that windows are computed in: the recipient's, else the account's (E-413). A name that is none counts as not
   * set; the step's event says so (EQ-63).
   */
  zone(): string {
    const { timeWindows } = this.input.compiled;
    const found = timeWindows?.resolveZone([
      this.parties.recipient.properties.timezone,
      this.input.environment.timezone,
    ]);
    if (found?.invalid) this.warnings.push(`"${found.invalid}" is no time zone`);
    return found?.zone ?? "Etc/UTC";
  }

  /** What a step's event tells, warnings of its execution included; they are then forgotten. */
  takeLog(effect: StepEffect): JsonObject | null {
    const warnings = this.warnings.splice(0);
    if (warnings.length === 0) return effect.log ?? null;
    return { ...effect.log, warnings };
  }

  event(
    event: string,
    step: Step | null = null,
    data: JsonObject | null = null,
    status: RunEvent["status"] = "ok",
    attempt = 1,
  ): void {
    const { ref = null, type = null } = step ?? {};
    this.run.events.push({ event, status, step_ref: ref, step_type: type, attempt, data, at: this.input.now });
    if (status === "error") this.run.error_count++;
  }
}

export function copyRun(run: RecipientRun): RecipientRun {
  return { ...run, steps: run.steps.map((step) => ({ ...step })), events: [...run.events] };
}

export function conditionLog(evaluated: readonly EvaluatedCondition[]): JsonObject[] {
  return evaluated.map(
    (condition) =>
      ({ ...condition, argument: condition.argument ?? null, value: condition.value ?? null }) as JsonObject,
  );
}

/** The condition that decided a false result, in words. */
export function decidingCondition(evaluated: readonly EvaluatedCondition[]): string | null {
  const decided = evaluated.findLast((condition) => condition.result === false) ?? evaluated[0];
  return decided ? describeCondition(decided) : null;
}
