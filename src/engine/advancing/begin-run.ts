import type { ConditionGroup } from "../../domain/condition/condition.js";
import { conditionLog, decidingCondition } from "../condition/condition-log.js";
import { type ConditionResult, evaluateConditions } from "../condition/conditions.js";
import { RenderError } from "../liquid/liquid.js";
import type { Advancing } from "./advancing.js";

/** Null where an argument's Liquid fails: the run halts with the error (E-164 has no step to blame here). */
function evaluateTriggerConditions(conditions: ConditionGroup, advancing: Advancing): ConditionResult | null {
  try {
    return evaluateConditions(conditions, advancing.conditionScope);
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    advancing.run.reason = { code: "render_error", detail: error.message };
    advancing.event("run_halted", null, { reason: "render_error", error: error.message }, "error");
    return null;
  }
}

/** Workflows that trigger each other in a ring are stopped here; the reference names no number. */
export const MAX_TRIGGER_DEPTH = 10;

/** A run's start: how deep it lies in triggers of triggers, its trigger conditions, then the frequency check (EQ-01). False where either stops it. */
export function beginRun(advancing: Advancing): boolean {
  const { run, input } = advancing;
  advancing.event("run_started");
  if ((input.run.trigger_source.depth ?? 0) > MAX_TRIGGER_DEPTH) {
    const detail = `workflows trigger each other more than ${MAX_TRIGGER_DEPTH} deep`;
    run.reason = { code: "trigger_depth", detail };
    advancing.event("run_halted", null, { reason: "trigger_depth", error: detail }, "error");
    return false;
  }
  const { conditions } = input.compiled.workflow;
  if (conditions !== null) {
    const result = evaluateTriggerConditions(conditions, advancing);
    if (result === null) return false;
    advancing.event("trigger_conditions_evaluated", null, {
      passed: result.passed,
      conditions: conditionLog(result.evaluated),
    });
    if (!result.passed) {
      run.reason = { code: "condition", detail: decidingCondition(result.evaluated) };
      advancing.event("run_halted", null, { reason: "conditions_failed" });
      return false;
    }
  }
  if (input.usedUp) {
    run.reason = { code: "trigger_frequency", detail: input.compiled.workflow.trigger_frequency };
    advancing.event("run_halted", null, { reason: "trigger_frequency" });
    return false;
  }
  run.position = [0];
  return true;
}
