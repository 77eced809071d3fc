import { splitRecipientKey, toRecipientKey, USERS } from "../../../src/domain/recipient/recipient.js";
import type { CancelOutcome, StepOutcome, TriggerOutcome } from "../../../src/domain/run/outcome.js";
import { parseCancellation, parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import type { Operations } from "../../../src/ports/operations.js";
import type { JsonObject } from "../../../src/util/json.js";

/** A target that has the contract's project. */
export interface OperationsSubject {
  operations: Operations;
  /** Advances the target's time and resolves when the work that falls due has run. */
  advanceTime(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/** The target of the running test, with helpers for its operations. */
export class OpenTarget {
  subject: OperationsSubject | null = null;

  get operations(): Operations {
    if (this.subject === null) throw new Error("no target is open");
    return this.subject.operations;
  }

  advanceTime(milliseconds: number): Promise<void> {
    return (this.subject as OperationsSubject).advanceTime(milliseconds);
  }

  trigger(workflow: string, payload: JsonObject, idempotency_key: string | null = null): Promise<TriggerOutcome> {
    const { trigger } = parseTrigger(payload, workflow);
    return this.operations.triggerWorkflow(trigger, { idempotency_key });
  }

  /** Triggers a workflow and waits until its runs have ended. */
  async triggerAndWait(workflow: string, payload: JsonObject): Promise<TriggerOutcome> {
    return this.operations.awaitOutcome(await this.trigger(workflow, payload), { timeout_ms: 10_000 });
  }

  /** Triggers a workflow and returns the current outcome, in which runs may wait. */
  async triggerAndRead(workflow: string, payload: JsonObject): Promise<TriggerOutcome> {
    return this.operations.awaitOutcome(await this.trigger(workflow, payload), { timeout_ms: 0 });
  }

  cancel(workflow: string, payload: JsonObject): Promise<CancelOutcome> {
    return this.operations.cancelWorkflow(parseCancellation(payload, workflow));
  }
}

/** Formats a step as `email_1 skipped preference`. */
export function formatStep({ ref, outcome, reason }: StepOutcome): string {
  return [ref, outcome, ...(reason ? [reason.code] : [])].join(" ");
}

/** Formats each recipient's run: its status, the reason if it ended before its first step, and its steps. */
export function formatOutcome(outcome: TriggerOutcome): Record<string, string[]> {
  if (outcome.recipients === null) throw new Error("the target does not tell of recipients");
  return Object.fromEntries(
    outcome.recipients.map(({ recipient, status, reason, steps }) => {
      const { collection, id } = splitRecipientKey(toRecipientKey(recipient));
      const head = [String(status), ...(reason ? [reason.code] : [])].join(" ");
      return [collection === USERS ? id : `${collection}/${id}`, [head, ...steps.map(formatStep)]];
    }),
  );
}
