import type { Message } from "../../domain/message/message.js";
import type { RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { BatchContinuations, Continuation, PendingTrigger } from "../../domain/run/batch-continuations.js";
import { cancelRun, HALTED_EVENTS } from "../../domain/run/cancel-run.js";
import type { Reason, StepOutcome } from "../../domain/run/outcome.js";
import type { RunWait } from "../../domain/run/run-wait.js";
import { REQUESTING_STEPS } from "../../domain/run/sends-request.js";
import { findPathAfterBranch, findStep } from "../../domain/run/step-path.js";
import { copyRun, type RecipientRun, type StepPath } from "../../domain/run/workflow-run.js";
import type { Step } from "../../domain/step/step.js";
import { isBatchStep } from "../../domain/step-types/batch-step.js";
import { isChannelStep } from "../../domain/step-types/channel-step.js";
import { isWaitForEventStep } from "../../domain/step-types/wait-for-event-step.js";
import type { JsonObject } from "../../util/json.js";
import { monotonicClock } from "../../util/monotonic-clock.js";
import { redactJson, redactText } from "../../util/redact-secrets.js";
import { type PendingQuery, PendingQueryError } from "../context/pending-query.js";
import type { AdvanceInput } from "../execution/advance-input.js";
import { beginRun } from "../execution/begin-run.js";
import { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import { renderInSharedLimit } from "../liquid/limit-rendering.js";
import { RenderError } from "../liquid/liquid.js";
import { completeSandboxedMessages } from "../message/message-state.js";
import { getStepHandler } from "../steps/step-handlers.js";
import { resolveWaitEnd } from "../steps/wait-for-event-handler.js";
import { applyStepEffect, completeRun } from "./apply-step-effect.js";

/** The attempts of a failing step before the run halts (E-164). */
const MAX_STEP_ATTEMPTS = 3;

/** Fails a step and halts the run, with events for the attempts of E-164. */
function failStep(step: Step, error: RenderError, execution: RunExecution): StepEffect {
  for (let attempt = 1; attempt < MAX_STEP_ATTEMPTS; attempt++)
    execution.recordEvent("step_retried", step, { error: error.message }, "error", attempt);
  execution.recordEvent("step_failed", step, { error: error.message }, "error", MAX_STEP_ATTEMPTS);
  const channel = isChannelStep(step)
    ? { channel_type: step.channel_type ?? "", channel: step.channel_key, message_id: null, message_status: null }
    : {};
  return {
    haltsRun: true,
    outcome: {
      ref: step.ref,
      type: step.type,
      ...channel,
      outcome: "failed",
      reason: { code: "render_error", detail: error.message },
    },
  };
}

/**
 * Executes a step. If a template cannot be rendered, the step fails with the events of all the service's attempts
 * (E-164) but is not repeated: an advance depends only on its input, so another attempt would have the same result, and
 * take two seconds if a template reaches its limit. Failed requests are retried by their own step (E-299).
 */
function executeStep(step: Step, resumed: boolean, execution: RunExecution): StepEffect {
  const { renderPart = renderInSharedLimit } = execution.input;
  try {
    return renderPart(() => getStepHandler(step).execute(step, resumed, execution));
  } catch (error) {
    if (error instanceof RenderError) return failStep(step, error, execution);
    throw error;
  }
}

function redactReason<T extends Reason | null>(reason: T, secrets: readonly string[]): T {
  if (reason === null || reason.detail === null) return reason;
  return { ...reason, detail: redactText(reason.detail, secrets) };
}

/** Replaces the values of secret variables in a run's reasons and events. The run's data stays unchanged. */
function redactRun(run: RecipientRun, secrets: readonly string[]): void {
  if (secrets.length === 0) return;
  run.reason = redactReason(run.reason, secrets);
  run.steps = run.steps.map((step) => ({ ...step, reason: redactReason(step.reason, secrets) }));
  run.events = run.events.map((event) =>
    event.data === null ? event : { ...event, data: redactJson(event.data, secrets) },
  );
}

/** The result of `advance`: the run's new state, and everything that has to be written with it. */
export interface Advance {
  recipientRun: RecipientRun;
  /** The messages that this advance created, up to a batch if it reached one. */
  messages: Message[];
  /** Set if the run reached a batch: the store picks its continuation. `recipientRun` is in the state before that. */
  batch: BatchContinuations | null;
  upserts: RecipientUpsert[];
  triggers: PendingTrigger[];
  /**
   * Whether the run passed its conditions and the frequency check for the first time, which uses up a "once" (E-070).
   */
  hasStarted: boolean;
}

/** Returns the result of an advance that writes nothing but the run. */
export function createRunOnlyAdvance(recipientRun: RecipientRun): Advance {
  return { recipientRun, messages: [], hasStarted: false, batch: null, upserts: [], triggers: [] };
}

/**
 * Builds the continuations of a run at a batch: it may wait for the batch to close, end there, or lead and continue
 * immediately (section 16 of the catalog).
 */
function buildBatchContinuations(
  effect: StepEffect,
  batch: NonNullable<StepEffect["batch"]>,
  { step, path, execution }: { step: Step; path: StepPath; execution: RunExecution },
): BatchContinuations {
  const { outcomeWithoutBatch, key, closes_at } = batch;
  const opens = closes_at !== null;
  const { run, input } = execution;
  const before = execution.messages.length;
  const data: JsonObject = { key };
  Object.assign(data, execution.drainEventData(effect));

  const createContinuation = (kind: "waiting" | "halted" | "immediate"): Continuation => {
    const fork = execution.fork();
    let next: BatchContinuations | null = null;
    if (kind === "waiting") {
      // A run that could lead waits only for a batch that another run has opened.
      fork.recordEvent(outcomeWithoutBatch ? "batch_joined" : "batch_opened", step, data);
      const waitEffect: StepEffect = { outcome: effect.outcome, wait: { until: closes_at ?? input.now } };
      if (effect.log) waitEffect.log = effect.log;
      applyStepEffect(waitEffect, step, path, fork);
    } else if (kind === "halted") {
      fork.recordEvent("batch_joined", step, data);
      applyStepEffect(
        {
          haltsRun: true,
          outcome: { ref: step.ref, type: step.type, outcome: "halted", reason: { code: "batched", detail: null } },
        },
        step,
        path,
        fork,
      );
      completeRun(fork);
    } else {
      if (opens) {
        fork.leaveBatch();
        fork.recordEvent("batch_opened", step, { ...data, leading: true });
      }
      next = executeSteps(
        fork,
        applyStepEffect({ outcome: outcomeWithoutBatch as StepOutcome }, step, path, fork),
        false,
      );
    }
    const messages = fork.messages.slice(before);
    completeSandboxedMessages(messages, input.now);
    redactRun(fork.run, input.environment.secrets);
    return { recipientRun: fork.run, messages, upserts: fork.upserts, triggers: fork.triggers, batch: next };
  };
  const { sliding, max_items } = batch;
  return {
    key,
    closes_at,
    sliding,
    max_items,
    activity: { id: run.id, actor: input.run.actor, data: execution.unreducedData, at: input.now },
    immediate: outcomeWithoutBatch ? createContinuation("immediate") : null,
    waiting: createContinuation("waiting"),
    halted: createContinuation("halted"),
  };
}

/** Executes steps until the run ends, pauses, or reaches a batch, which is then returned. */
function executeSteps(
  execution: RunExecution,
  from: StepPath | null | undefined,
  isResuming: boolean,
): BatchContinuations | null {
  const { onStep } = execution.input;
  const { steps } = execution.input.compiled.workflow;
  let resumed = isResuming;
  let path = from; // undefined when the run pauses
  while (path) {
    const step = findStep(steps, path);
    if (step === undefined) {
      path = findPathAfterBranch(steps, path);
      continue;
    }
    const startedAt = onStep === undefined ? 0 : monotonicClock.now();
    const effect = executeStep(step, resumed, execution);
    // The time of a step with a request is that of the request.
    if (onStep !== undefined && !REQUESTING_STEPS.has(step.type))
      onStep(step.type, (monotonicClock.now() - startedAt) / 1_000);
    resumed = false;
    if (effect.batch) return buildBatchContinuations(effect, effect.batch, { step, path, execution });
    path = applyStepEffect(effect, step, path, execution);
  }
  if (path === null) completeRun(execution);
  return null;
}

/**
 * Sets the run's data to the reduced data of its closed batch (E-276). It is reduced only here, so that data that later
 * steps add is not truncated.
 */
function takeReducedBatchData(execution: RunExecution): void {
  const { run, batch, input } = execution;
  const at = run.position ? findStep(input.compiled.workflow.steps, run.position) : undefined;
  if (batch === null || !isBatchStep(at)) return;
  run.data = batch.reducedData;
  execution.recordEvent("batch_closed", at, { total_activities: batch.total_activities });
  execution.invalidateScopes();
}

/** Continues to wait, because no received event ended the wait. */
function keepWaiting({ run, input }: RunExecution): Advance {
  const wait = run.wait as RunWait;
  run.wait = { ...wait, seen: input.signals.at(-1)?.id ?? 0 };
  run.due_at = wait.until;
  return createRunOnlyAdvance(run);
}

const WORKFLOW_UNAVAILABLE: Reason = {
  code: "workflow_unavailable",
  detail: "the workflow is inactive or was removed",
};

/**
 * Executes a run's steps until it ends or must wait. A pure function of its input (and of `ids`): it changes nothing
 * outside, and returns all changes. Returns a pending query if a step needs one; called again with the result in
 * `queryResults`, it continues.
 */
export function advance(input: AdvanceInput): Advance | PendingQuery {
  const before = input.recipientRun;
  if (before.status !== "queued" && input.isUnavailable) {
    return createRunOnlyAdvance(cancelRun(before, input.now, WORKFLOW_UNAVAILABLE, HALTED_EVENTS));
  }
  const execution = new RunExecution(input, copyRun(before));
  const { run } = execution;
  run.updated_at = input.now;
  const first = run.status === "queued";
  try {
    const at = (run.position && findStep(input.compiled.workflow.steps, run.position)) ?? null;
    if (isWaitForEventStep(at)) {
      const event = resolveWaitEnd(at, execution);
      if (event === undefined) return keepWaiting(execution);
      execution.awaitedEvent = event;
    }
    if (!first) {
      execution.recordEvent("run_resumed", at);
      takeReducedBatchData(execution);
    }
    // A rerun begins at one of its steps: its trigger was accepted before.
    const started = first && (run.position !== null || beginRun(execution));
    run.status = "processing";
    run.due_at = null;
    run.wait = null;
    const batch = executeSteps(execution, run.position, !first);
    completeSandboxedMessages(execution.messages, input.now);
    redactRun(run, input.environment.secrets);
    const { messages, upserts, triggers } = execution;
    return { recipientRun: run, messages, hasStarted: started, batch, upserts, triggers };
  } catch (error) {
    if (error instanceof PendingQueryError) return error.query;
    throw error;
  }
}

export function isPendingQuery(result: Advance | PendingQuery): result is PendingQuery {
  return "kind" in result;
}
