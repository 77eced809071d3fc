import type { ConditionGroup } from "../domain/condition.js";
import type { Message } from "../domain/message.js";
import type { Reason, StepOutcome } from "../domain/outcome.js";
import type { Step } from "../domain/workflow.js";
import type { RecipientRun, StepPath } from "../domain/workflow-run.js";
import { type AdvanceInput, Advancing, conditionLog, decidingCondition, type StepEffect } from "./advancing.js";
import { type ConditionResult, evaluateConditions } from "./conditions.js";
import { settleMessages } from "./message-state.js";
import { RenderError } from "./render/liquid.js";
import { executeBranch } from "./steps/branch.js";
import { executeChannel } from "./steps/channel.js";
import { executeDelay } from "./steps/delay.js";

/** Attempts of a failing step before the run halts (E-164). */
const STEP_ATTEMPTS = 3;

export interface Advance {
  recipientRun: RecipientRun;
  /** The messages made by this advance. */
  messages: Message[];
  /** The steps this advance executed or ended. */
  executed: StepOutcome[];
  /** The run passed its conditions and the frequency check for the first time: it uses up a "once" (E-070). */
  started: boolean;
}

/** The step a path leads to; undefined past the end of a list. */
export function stepAt(steps: readonly Step[], path: StepPath): Step | undefined {
  let list: readonly Step[] = steps;
  for (let i = 0; i + 2 < path.length; i += 2) {
    const parent = list[path[i] as number];
    list = parent?.type === "branch" ? (parent.branches[path[i + 1] as number]?.steps ?? []) : [];
  }
  return list[path.at(-1) as number];
}

function nextOf(path: StepPath): StepPath {
  return [...path.slice(0, -1), (path.at(-1) as number) + 1];
}

/** Where a finished list of steps leads: after its branch step, or null at the end of the run (E-308). */
function leave(steps: readonly Step[], path: StepPath): StepPath | null {
  if (path.length === 1) return null;
  const parentPath = path.slice(0, -2);
  const parent = stepAt(steps, parentPath);
  const branch = parent?.type === "branch" ? parent.branches[path.at(-2) as number] : undefined;
  return branch?.terminates ? null : nextOf(parentPath);
}

function execute(step: Step, resumed: boolean, advancing: Advancing): StepEffect {
  switch (step.type) {
    case "channel":
      return executeChannel(step, advancing);
    case "delay":
      return executeDelay(step, resumed, advancing);
    case "branch":
      return executeBranch(step, advancing);
  }
}

/** Runs a step, again where rendering fails, up to three times; then the step is failed and the run halts (E-164). */
function attempt(step: Step, resumed: boolean, advancing: Advancing): StepEffect {
  for (let attempts = 1; ; attempts++) {
    try {
      return execute(step, resumed, advancing);
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      if (attempts < STEP_ATTEMPTS) {
        advancing.event("step_retried", step, { error: error.message }, "error", attempts);
        continue;
      }
      advancing.event("step_failed", step, { error: error.message }, "error", attempts);
      const channel =
        step.type === "channel"
          ? { channel_type: step.channel_type ?? "", channel: step.channel_key, message_id: null, message_status: null }
          : {};
      return {
        halt: true,
        outcome: {
          ref: step.ref,
          type: step.type,
          ...channel,
          outcome: "failed",
          reason: { code: "render_error", detail: error.message },
        },
      };
    }
  }
}

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

/** A run's start: its trigger conditions, then the frequency check (EQ-01). False where either stops it. */
function begin(advancing: Advancing): boolean {
  const { run, input } = advancing;
  advancing.event("run_started");
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

function complete(advancing: Advancing): void {
  Object.assign(advancing.run, { status: "completed", position: null, due_at: null });
  advancing.event("run_completed");
}

/** The run ends from outside while it waited (EQ-03), its waiting step with it. */
export function stopRun(before: RecipientRun, reason: Reason, now: number): Advance {
  const run: RecipientRun = {
    ...before,
    steps: before.steps.map((step) => ({ ...step })),
    events: [...before.events],
    updated_at: now,
  };
  const waiting = run.steps.find((step) => step.outcome === "waiting");
  if (waiting) Object.assign(waiting, { outcome: "cancelled", reason, until: null });
  for (const event of ["run_halted", "run_cancelled"]) {
    run.events.push({
      event,
      status: "ok",
      step_ref: waiting?.ref ?? null,
      step_type: waiting?.type ?? null,
      attempt: 1,
      data: { reason: reason.code },
      at: now,
    });
  }
  Object.assign(run, { status: "cancelled", position: null, due_at: null });
  return { recipientRun: run, messages: [], executed: waiting ? [waiting] : [], started: false };
}

/** Records what a step did; the path to go on with, null at the end, undefined where the run pauses. */
function apply(effect: StepEffect, step: Step, path: StepPath, advancing: Advancing): StepPath | null | undefined {
  const { run } = advancing;
  const previous = run.steps.at(-1);
  if (previous?.outcome === "waiting" && previous.ref === step.ref) run.steps.pop();
  run.steps.push(effect.outcome);
  for (const message of effect.messages ?? []) {
    advancing.made.push(message);
    advancing.event("message_enqueued", step, { channel_type: message.channel.type, message_id: message.id });
  }
  if (effect.wait) {
    run.status = "paused";
    run.position = path;
    run.due_at = effect.wait.until;
    advancing.event("run_paused", step, { until: new Date(effect.wait.until).toISOString() });
    return undefined;
  }
  const { outcome, reason } = effect.outcome;
  if (outcome === "skipped")
    advancing.event(
      "step_skipped",
      step,
      { reason: eventReason(reason?.code), detail: reason?.detail ?? null, ...effect.log },
      reason?.code === "invalid_window" ? "error" : "ok",
    );
  else if (outcome !== "failed") advancing.event("step_completed", step, effect.log ?? null);
  if (effect.halt) return null;
  return effect.enter === undefined ? nextOf(path) : [...path, effect.enter, 0];
}

/** The catalogue's names for why a step was skipped (EQ-04). */
function eventReason(code: string | undefined): string {
  const names: Record<string, string> = {
    condition: "conditions_failed",
    preference: "recipient_opted_out",
    skip_delay: "delay_skipped_by_settings",
  };
  return names[code ?? ""] ?? code ?? "unknown";
}

/**
 * Walks a run's steps until it ends or must wait, without touching anything outside: all that changes is in the answer.
 * A pure function of its input (and of `ids`).
 */
export function advance(input: AdvanceInput): Advance {
  const before = input.recipientRun;
  if (before.status !== "queued" && input.unavailable) {
    return stopRun(
      before,
      { code: "workflow_unavailable", detail: "the workflow is inactive or was removed" },
      input.now,
    );
  }
  const run: RecipientRun = {
    ...before,
    steps: before.steps.map((step) => ({ ...step })),
    events: [...before.events],
    updated_at: input.now,
  };
  const advancing = new Advancing(input, run);
  const { steps } = input.compiled.workflow;
  const first = run.status === "queued";
  if (!first) {
    advancing.event("run_resumed", run.position ? (stepAt(steps, run.position) ?? null) : null);
  }
  const started = first && begin(advancing);
  run.status = "processing";
  run.due_at = null;
  const executed: StepOutcome[] = [];
  let resumed = !first;
  let path: StepPath | null | undefined = run.position; // undefined once the run pauses
  while (path) {
    const step = stepAt(steps, path);
    if (step === undefined) {
      path = leave(steps, path);
      continue;
    }
    const effect = attempt(step, resumed, advancing);
    executed.push(effect.outcome);
    resumed = false;
    path = apply(effect, step, path, advancing);
  }
  if (path === null) complete(advancing);
  settleMessages(advancing.made, input.now);
  return { recipientRun: run, messages: advancing.made, executed, started };
}
