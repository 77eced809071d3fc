import type { ConditionGroup } from "../../domain/condition/condition.js";
import { buildFirstEventData } from "../../domain/run/trigger-data.js";
import {
  type ConditionResult,
  describeDecidingCondition,
  evaluateConditions,
  toConditionLog,
} from "../condition/evaluate-conditions.js";
import { renderInSharedLimit } from "../liquid/limit-rendering.js";
import { RenderError } from "../liquid/liquid.js";
import type { RunExecution } from "./run-execution.js";

/**
 * Evaluates the trigger conditions. Returns null if the Liquid of an argument fails: the run is halted with the error,
 * because there is no step to report it (E-164).
 */
function evaluateTriggerConditions(conditions: ConditionGroup, execution: RunExecution): ConditionResult | null {
  const { renderPart = renderInSharedLimit } = execution.input;
  try {
    return renderPart(() => evaluateConditions(conditions, execution.conditionScope));
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    execution.run.reason = { code: "render_error", detail: error.message };
    execution.recordEvent("run_halted", null, { reason: "render_error", error: error.message }, "error");
    return null;
  }
}

/** Limits how deep workflows can trigger each other, so that a cycle ends. The API reference names no limit. */
export const MAX_TRIGGER_DEPTH = 10;

/**
 * Starts a run: checks its trigger depth, its trigger conditions, then the trigger frequency (EQ-01). Returns false if
 * one of them ends the run.
 */
export function beginRun(execution: RunExecution): boolean {
  const { run, input } = execution;
  const { conditions, steps } = input.compiled.workflow;
  execution.recordEvent("run_started", null, buildFirstEventData(run, steps));
  if ((input.run.trigger_source.depth ?? 0) > MAX_TRIGGER_DEPTH) {
    const detail = `workflows trigger each other more than ${MAX_TRIGGER_DEPTH} deep`;
    run.reason = { code: "trigger_depth", detail };
    execution.recordEvent("run_halted", null, { reason: "trigger_depth", error: detail }, "error");
    return false;
  }
  if (conditions !== null) {
    const result = evaluateTriggerConditions(conditions, execution);
    if (result === null) return false;
    execution.recordEvent("trigger_conditions_evaluated", null, {
      passed: result.passed,
      conditions: toConditionLog(result.evaluated),
    });
    if (!result.passed) {
      run.reason = { code: "condition", detail: describeDecidingCondition(result.evaluated) };
      execution.recordEvent("run_halted", null, { reason: "conditions_failed" });
      return false;
    }
  }
  if (input.alreadyTriggered) {
    run.reason = { code: "trigger_frequency", detail: input.compiled.workflow.trigger_frequency };
    execution.recordEvent("run_halted", null, { reason: "trigger_frequency" });
    return false;
  }
  run.position = [0];
  return true;
}
