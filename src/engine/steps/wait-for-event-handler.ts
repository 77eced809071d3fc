import type { EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import { buildEventName, resolveWaitScope } from "../../domain/run/run-wait.js";
import { toMilliseconds } from "../../domain/step/step-duration.js";
import type { WaitForEventStep } from "../../domain/step-types/wait-for-event-step.js";
import type { JsonObject } from "../../util/json.js";
import { evaluateConditionList, toConditionLog } from "../condition/evaluate-conditions.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import { renderInSharedLimit } from "../liquid/limit-rendering.js";
import { RenderError } from "../liquid/liquid.js";
import type { StepHandler } from "./step-handler.js";

/**
 * Returns whether an event matches. Groups are joined by OR, the conditions of a group by AND (F-033). Without groups,
 * every event matches.
 */
function matchEvent(
  { settings }: WaitForEventStep,
  event: JsonObject,
  { conditionScope }: RunExecution,
): { passed: boolean; evaluated: EvaluatedCondition[] } {
  const evaluated: EvaluatedCondition[] = [];
  const scope = { ...conditionScope, variables: { ...conditionScope.variables, event } };
  const passed = settings.match_conditions.some(({ conditions }) => {
    const result = evaluateConditionList(conditions, scope);
    evaluated.push(...result.evaluated);
    return result.passed;
  });
  return { passed: passed || settings.match_conditions.length === 0, evaluated };
}

/**
 * Evaluates the events that the run received while it waited. The first match ends the wait; events before it are
 * logged (E-335, E-340). Returns the match, null if the time is up, or undefined if the wait continues.
 */
export function resolveWaitEnd(step: WaitForEventStep, execution: RunExecution): JsonObject | null | undefined {
  const { input, run } = execution;
  const { renderPart = renderInSharedLimit } = input;
  for (const { event } of input.signals) {
    try {
      const { passed, evaluated } = renderPart(() => matchEvent(step, event, execution));
      if (passed) {
        execution.recordConditions(evaluated);
        return event;
      }
      execution.recordEvent("wait_conditions_evaluated", step, {
        passed,
        event,
        conditions: toConditionLog(evaluated),
      });
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      execution.recordEvent("wait_conditions_evaluated", step, { passed: false, event, error: error.message }, "error");
    }
  }
  return input.now >= (run.wait?.until ?? input.now) ? null : undefined;
}

/** Returns how the run continues after the wait (E-336, E-337, E-343). */
function finishWait(step: WaitForEventStep, base: StepOutcome, event: JsonObject | null): StepEffect {
  const { on_match, on_timeout } = step.settings;
  const outcome: StepOutcome = { ...base, matched: event !== null, signal_variables: event ?? {} };
  const log: JsonObject = { matched: event !== null, event };
  if ((event === null ? on_timeout : on_match) === "continue") return { outcome, log };
  const code = event === null ? "wait_expired" : "event_matched";
  return { outcome: { ...outcome, outcome: "halted", reason: { code, detail: null } }, cancelsRun: true, log };
}

/**
 * Waits for an event, for up to `expires_after` (section 22 of the engine catalog). `skip_delay` affects only delays.
 */
function executeWaitForEvent(step: WaitForEventStep, resumed: boolean, execution: RunExecution): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "wait_for_event", outcome: "passed", reason: null };
  if (resumed) return finishWait(step, base, execution.awaitedEvent);
  const unmet = execution.skipByConditions(step, base);
  if (unmet) return unmet;
  const { event, expires_after } = step.settings;
  const from = execution.input.now;
  const until = from + (toMilliseconds(expires_after) as number);
  return {
    outcome: { ...base, outcome: "waiting", until: null },
    wait: {
      until,
      event: {
        awaited: buildEventName(event),
        recipient: resolveWaitScope(event, execution.run.recipient),
        from,
        until,
        seen: null,
      },
    },
  };
}

export const waitForEventHandler: StepHandler<WaitForEventStep> = {
  execute: executeWaitForEvent,
};
