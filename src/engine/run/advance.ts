import type { Message } from "../../domain/message/message.js";
import type { RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { BatchArrival, Continuation, PendingTrigger } from "../../domain/run/batch-arrival.js";
import type { Reason, StepOutcome } from "../../domain/run/outcome.js";
import type { RunWait } from "../../domain/run/run-wait.js";
import { findPathAfterBranch, findStep, getNextPath } from "../../domain/run/step-path.js";
import type { RecipientRun, StepPath } from "../../domain/run/workflow-run.js";
import type { Step } from "../../domain/step/step.js";
import { isBatchStep } from "../../domain/steps/batch-step.js";
import { isWaitForEventStep } from "../../domain/steps/wait-for-event-step.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { type PendingQuery, PendingQueryError } from "../context/pending-query.js";
import { beginRun } from "../execution/begin-run.js";
import { copyRun } from "../execution/copy-run.js";
import { redactRun } from "../execution/redact-run.js";
import { type AdvanceInput, RunExecution, type StepEffect } from "../execution/run-execution.js";
import { completeSandboxedMessages } from "../message/message-state.js";
import { executeStep } from "../steps/execute-step.js";
import { resolveWaitEnd } from "../steps/wait-for-event-handler.js";

export interface Advance {
  recipientRun: RecipientRun;
  /** The messages that this advance created, up to a batch if it reached one. */
  messages: Message[];
  /** Set if the run reached a batch: the store picks its continuation. `recipientRun` is in the state before that. */
  batch: BatchArrival | null;
  upserts: RecipientUpsert[];
  triggers: PendingTrigger[];
  /**
   * Whether the run passed its conditions and the frequency check for the first time, which uses up a "once" (E-070).
   */
  hasStarted: boolean;
}

function completeRun(execution: RunExecution): void {
  const { run } = execution;
  run.status = "completed";
  run.position = null;
  run.due_at = null;
  execution.recordEvent("run_completed");
}

/** Cancels a run while it waits (EQ-03), and its waiting step with it. */
export function stopRun(before: RecipientRun, reason: Reason, now: number): Advance {
  const run: RecipientRun = { ...copyRun(before), updated_at: now };
  const waiting = run.steps.find((step) => step.outcome === "waiting");
  if (waiting) Object.assign(waiting, { outcome: "cancelled", reason, until: null });
  const { ref = null, type = null } = waiting ?? {};
  for (const event of ["run_halted", "run_cancelled"]) {
    run.events.push({
      event,
      status: "ok",
      step_ref: ref,
      step_type: type,
      attempt: 1,
      data: { reason: reason.code },
      at: now,
    });
  }
  Object.assign(run, { status: "cancelled", position: null, due_at: null, wait: null });
  return {
    recipientRun: run,
    messages: [],
    hasStarted: false,
    batch: null,
    upserts: [],
    triggers: [],
  };
}

/** Records the effect of a step. Returns the path to continue with, null at the end, or undefined if the run pauses. */
function applyEffect(
  effect: StepEffect,
  step: Step,
  path: StepPath,
  execution: RunExecution,
): StepPath | null | undefined {
  const { run } = execution;
  const previous = run.steps.at(-1);
  if (previous?.outcome === "waiting" && previous.ref === step.ref) run.steps.pop();
  run.steps.push(effect.outcome);
  const log = execution.drainEventData(effect);
  for (const message of effect.messages ?? []) {
    execution.messages.push(message);
    execution.recordEvent("message_enqueued", step, { channel_type: message.channel.type, message_id: message.id });
  }
  if (effect.data) run.data = effect.data;
  if (effect.upserts) execution.applyUpserts(effect.upserts);
  if (effect.trigger) execution.triggers.push(effect.trigger);
  if (effect.data || effect.upserts || effect.outcome.matched !== undefined) execution.invalidateScopes();
  if (effect.wait) {
    run.status = "paused";
    run.position = path;
    run.due_at = effect.wait.until;
    run.wait = effect.wait.event ?? null;
    execution.recordEvent("run_paused", step, { until: toIsoTime(effect.wait.until), ...log });
    return undefined;
  }
  const { outcome, reason } = effect.outcome;
  if (outcome === "skipped")
    execution.recordEvent(
      "step_skipped",
      step,
      { reason: toEventReason(reason?.code), detail: reason?.detail ?? null, ...log },
      reason?.code === "invalid_window" || effect.isError ? "error" : "ok",
    );
  else if (outcome === "failed" && effect.isError) execution.recordEvent("step_failed", step, log, "error");
  else if (outcome === "halted") execution.recordEvent("run_halted", step, { reason: reason?.code ?? null, ...log });
  else if (outcome !== "failed") execution.recordEvent("step_completed", step, log);
  if (effect.cancelsRun) {
    Object.assign(run, { status: "cancelled", position: null });
    execution.recordEvent("run_cancelled", step, { reason: reason?.code ?? null });
    return undefined;
  }
  if (effect.haltsRun) return null;
  return effect.branchIndex === undefined ? getNextPath(path) : [...path, effect.branchIndex, 0];
}

/** Returns the catalog's name for the reason of a skipped step (EQ-04). */
function toEventReason(code: string | undefined): string {
  const names: Record<string, string> = {
    condition: "conditions_failed",
    preference: "recipient_opted_out",
    skip_delay: "delay_skipped_by_settings",
  };
  return names[code ?? ""] ?? code ?? "unknown";
}

/**
 * Builds the continuations of a run at a batch: it may wait for the batch to close, end there, or lead and continue
 * immediately (section 16 of the catalog).
 */
function buildBatchJoin(
  effect: StepEffect & Required<Pick<StepEffect, "batch">>,
  step: Step,
  path: StepPath,
  execution: RunExecution,
): BatchArrival {
  const { outcomeWithoutBatch, key, closes_at } = effect.batch;
  const opens = closes_at !== null;
  const { run, input } = execution;
  const before = execution.messages.length;
  const data: JsonObject = { key };
  Object.assign(data, execution.drainEventData(effect));

  const createContinuation = (kind: "waiting" | "halted" | "immediate"): Continuation => {
    const fork = execution.fork();
    let next: BatchArrival | null = null;
    if (kind === "waiting") {
      // A run that could lead waits only for a batch that another run has opened.
      fork.recordEvent(outcomeWithoutBatch ? "batch_joined" : "batch_opened", step, data);
      const waitEffect: StepEffect = { outcome: effect.outcome, wait: { until: closes_at ?? input.now } };
      if (effect.log) waitEffect.log = effect.log;
      applyEffect(waitEffect, step, path, fork);
    } else if (kind === "halted") {
      fork.recordEvent("batch_joined", step, data);
      applyEffect(
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
      next = executeSteps(fork, applyEffect({ outcome: outcomeWithoutBatch as StepOutcome }, step, path, fork), false);
    }
    const messages = fork.messages.slice(before);
    completeSandboxedMessages(messages, input.now);
    redactRun(fork.run, input.environment.secrets);
    return { recipientRun: fork.run, messages, upserts: fork.upserts, triggers: fork.triggers, batch: next };
  };
  const activity = { id: run.id, actor: input.run.actor, data: execution.unreducedData, at: input.now };
  const immediate = outcomeWithoutBatch ? createContinuation("immediate") : null;
  return new LazyBatchArrival(effect.batch, activity, immediate, createContinuation);
}

/** A batch arrival that creates the continuations `waiting` and `halted` only if the store picks them. */
class LazyBatchArrival implements BatchArrival {
  readonly key: string;
  readonly closes_at: number | null;
  readonly sliding: BatchArrival["sliding"];
  readonly max_items: number | null;
  private waitingContinuation: Continuation | null = null;
  private haltedContinuation: Continuation | null = null;

  constructor(
    { key, closes_at, sliding, max_items }: Pick<BatchArrival, "key" | "closes_at" | "sliding" | "max_items">,
    readonly activity: BatchArrival["activity"],
    readonly immediate: Continuation | null,
    private readonly createContinuation: (kind: "waiting" | "halted") => Continuation,
  ) {
    this.key = key;
    this.closes_at = closes_at;
    this.sliding = sliding;
    this.max_items = max_items;
  }

  get waiting(): Continuation {
    this.waitingContinuation ??= this.createContinuation("waiting");
    return this.waitingContinuation;
  }

  get halted(): Continuation {
    this.haltedContinuation ??= this.createContinuation("halted");
    return this.haltedContinuation;
  }
}

/** Executes steps until the run ends, pauses, or reaches a batch, which is then returned. */
function executeSteps(
  execution: RunExecution,
  from: StepPath | null | undefined,
  isResuming: boolean,
): BatchArrival | null {
  const { steps } = execution.input.compiled.workflow;
  let resumed = isResuming;
  let path = from; // undefined when the run pauses
  while (path) {
    const step = findStep(steps, path);
    if (step === undefined) {
      path = findPathAfterBranch(steps, path);
      continue;
    }
    const effect = executeStep(step, resumed, execution);
    resumed = false;
    if (effect.batch) return buildBatchJoin({ ...effect, batch: effect.batch }, step, path, execution);
    path = applyEffect(effect, step, path, execution);
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
  return { recipientRun: run, messages: [], hasStarted: false, batch: null, upserts: [], triggers: [] };
}

/**
 * Executes a run's steps until it ends or must wait. A pure function of its input (and of `ids`): it changes nothing
 * outside, and returns all changes. Returns a pending query if a step needs one; called again with the result in
 * `queryResults`, it continues.
 */
export function advance(input: AdvanceInput): Advance | PendingQuery {
  const before = input.recipientRun;
  if (before.status !== "queued" && input.isUnavailable) {
    return stopRun(
      before,
      { code: "workflow_unavailable", detail: "the workflow is inactive or was removed" },
      input.now,
    );
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
    const started = first && beginRun(execution);
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
