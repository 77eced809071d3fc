import type { Message } from "../domain/message.js";
import type { StepOutcome } from "../domain/outcome.js";
import type { Step } from "../domain/workflow.js";
import type { RecipientRun, RunEvent } from "../domain/workflow-run.js";
import type { IdSource } from "../util/ids.js";
import type { JsonObject } from "../util/json.js";
import type { CompiledWorkflow } from "./compile-workflow.js";
import { type ConditionScope, describeCondition, type EvaluatedCondition } from "./conditions.js";
import { stepMessageState } from "./message-state.js";
import { type RenderScope, renderText } from "./render/liquid.js";
import { buildScope, type ScopeInput } from "./scope.js";

export interface AdvanceInput extends Omit<ScopeInput, "workflow"> {
  compiled: CompiledWorkflow;
  /** Messages the run made before, oldest first. */
  messages: readonly Message[];
  now: number;
  ids: IdSource;
  /** The workflow is gone or switched off: the run ends instead of going on (E-020, E-023). */
  unavailable: boolean;
  /** A once-only workflow that this recipient already used up (E-068). */
  usedUp: boolean;
}

/** What a step did. `wait` pauses the run there; `enter` goes into a branch; `halt` ends the run. */
export interface StepEffect {
  outcome: StepOutcome;
  messages?: Message[];
  wait?: { until: number };
  enter?: number;
  halt?: boolean;
  /** Data of the step's event, such as the conditions evaluated. */
  log?: JsonObject;
}

/** One advance in the making: what steps read, and where they record. */
export class Advancing {
  readonly scope: RenderScope;
  readonly conditionScope: ConditionScope;
  readonly made: Message[] = [];

  constructor(
    readonly input: AdvanceInput,
    readonly run: RecipientRun,
  ) {
    this.scope = buildScope({ ...input, recipientRun: run, workflow: input.compiled.workflow });
    this.conditionScope = {
      variables: this.scope,
      refs: (ref) => stepMessageState(ref, input.messages, this.made),
      now: input.now,
      renderLiquid: (text) => renderText(text, this.scope),
    };
  }

  event(
    event: string,
    step: Step | null = null,
    data: JsonObject | null = null,
    status: RunEvent["status"] = "ok",
    attempt = 1,
  ): void {
    this.run.events.push({
      event,
      status,
      step_ref: step?.ref ?? null,
      step_type: step?.type ?? null,
      attempt,
      data,
      at: this.input.now,
    });
    if (status === "error") this.run.error_count++;
  }
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
