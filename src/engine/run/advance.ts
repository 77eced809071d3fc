import type { Message } from "../../domain/message/message.js";
import type { RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { BatchJoin, Continuation, PendingTrigger } from "../../domain/run/batch.js";
import type { Reason, StepOutcome } from "../../domain/run/outcome.js";
import type { RunWait } from "../../domain/run/run-wait.js";
import { leave, nextOf, stepAt } from "../../domain/run/step-path.js";
import type { RecipientRun, StepPath } from "../../domain/run/workflow-run.js";
import type { Step } from "../../domain/step/step.js";
import { isBatchStep } from "../../domain/steps/batch.js";
import { isWaitForEventStep } from "../../domain/steps/wait-for-event.js";
import { isoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { type AdvanceInput, Advancing, type StepEffect } from "../advancing/advancing.js";
import { beginRun } from "../advancing/begin-run.js";
import { copyRun } from "../advancing/copy-run.js";
import { redactRun } from "../advancing/redact-run.js";
import { type Need, NeedsAnswer } from "../context/need.js";
import { settleMessages } from "../message/message-state.js";
import { executeStep } from "../steps/execute-step.js";
import { endOfWait } from "../steps/wait-for-event.js";

export interface Advance {
  recipientRun: RecipientRun;
  /** The messages made by this advance, before a batch if it came to one. */
  messages: Message[];
  /** The run is at a batch: how it stands then is the store's to pick. `recipientRun` is as if it opened one. */
  batch: BatchJoin | null;
  upserts: RecipientUpsert[];
  triggers: PendingTrigger[];
  /** The run passed its conditions and the frequency check for the first time: it uses up a "once" (E-070). */
  started: boolean;
}

function complete(advancing: Advancing): void {
  const { run } = advancing;
  run.status = "completed";
  run.position = null;
  run.due_at = null;
  advancing.event("run_completed");
}

/** The run ends from outside while it waited (EQ-03), its waiting step with it. */
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
    started: false,
    batch: null,
    upserts: [],
    triggers: [],
  };
}

/** Records what a step did; the path to go on with, null at the end, undefined where the run pauses. */
function apply(effect: StepEffect, step: Step, path: StepPath, advancing: Advancing): StepPath | null | undefined {
  const { run } = advancing;
  const previous = run.steps.at(-1);
  if (previous?.outcome === "waiting" && previous.ref === step.ref) run.steps.pop();
  run.steps.push(effect.outcome);
  const log = advancing.takeLog(effect);
  for (const message of effect.messages ?? []) {
    advancing.made.push(message);
    advancing.event("message_enqueued", step, { channel_type: message.channel.type, message_id: message.id });
  }
  if (effect.data) run.data = effect.data;
  if (effect.upserts) advancing.upsert(effect.upserts);
  if (effect.trigger) advancing.triggers.push(effect.trigger);
  if (effect.data || effect.upserts || effect.outcome.matched !== undefined) advancing.refresh();
  if (effect.wait) {
    run.status = "paused";
    run.position = path;
    run.due_at = effect.wait.until;
    run.wait = effect.wait.for ?? null;
    advancing.event("run_paused", step, { until: isoTime(effect.wait.until), ...log });
    return undefined;
  }
  const { outcome, reason } = effect.outcome;
  if (outcome === "skipped")
    advancing.event(
      "step_skipped",
      step,
      { reason: eventReason(reason?.code), detail: reason?.detail ?? null, ...log },
      reason?.code === "invalid_window" || effect.error ? "error" : "ok",
    );
  else if (outcome === "failed" && effect.error) advancing.event("step_failed", step, log, "error");
  else if (outcome === "halted") advancing.event("run_halted", step, { reason: reason?.code ?? null, ...log });
  else if (outcome !== "failed") advancing.event("step_completed", step, log);
  if (effect.cancels) {
    Object.assign(run, { status: "cancelled", position: null });
    advancing.event("run_cancelled", step, { reason: reason?.code ?? null });
    return undefined;
  }
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

/** A run at a batch: it may wait for the close, end there, or lead and go on at once (section 16 of the catalogue). */
function joinBatch(
  effect: StepEffect & Required<Pick<StepEffect, "batch">>,
  step: Step,
  path: StepPath,
  advancing: Advancing,
): BatchJoin {
  const { alone, key, closes_at } = effect.batch;
  const opens = closes_at !== null;
  const { run, input } = advancing;
  const before = advancing.made.length;
  const data: JsonObject = { key };
  Object.assign(data, advancing.takeLog(effect));

  const join = (how: "holds" | "joined" | "leads"): Continuation => {
    const fork = advancing.fork();
    let next: BatchJoin | null = null;
    if (how === "holds") {
      // A run that could lead holds only a batch that another has opened.
      fork.event(alone ? "batch_joined" : "batch_opened", step, data);
      const waits: StepEffect = { outcome: effect.outcome, wait: { until: closes_at ?? input.now } };
      if (effect.log) waits.log = effect.log;
      apply(waits, step, path, fork);
    } else if (how === "joined") {
      fork.event("batch_joined", step, data);
      apply(
        {
          halt: true,
          outcome: { ref: step.ref, type: step.type, outcome: "halted", reason: { code: "batched", detail: null } },
        },
        step,
        path,
        fork,
      );
      complete(fork);
    } else {
      if (opens) {
        fork.leaveBatch();
        fork.event("batch_opened", step, { ...data, leading: true });
      }
      next = walk(fork, apply({ outcome: alone as StepOutcome }, step, path, fork), false);
    }
    const messages = fork.made.slice(before);
    settleMessages(messages, input.now);
    redactRun(fork.run, input.environment.secrets);
    return { recipientRun: fork.run, messages, upserts: fork.upserts, triggers: fork.triggers, batch: next };
  };
  const activity = { id: run.id, actor: input.run.actor, data: advancing.wholeData, at: input.now };
  return new PendingJoin(effect.batch, activity, alone ? join("leads") : null, join);
}

/** The store picks one of the ways; the others are never made. */
class PendingJoin implements BatchJoin {
  readonly key: string;
  readonly closes_at: number | null;
  readonly sliding: BatchJoin["sliding"];
  readonly max_items: number | null;
  private held: Continuation | null = null;
  private ended: Continuation | null = null;

  constructor(
    { key, closes_at, sliding, max_items }: Pick<BatchJoin, "key" | "closes_at" | "sliding" | "max_items">,
    readonly activity: BatchJoin["activity"],
    readonly leads: Continuation | null,
    private readonly join: (how: "holds" | "joined") => Continuation,
  ) {
    this.key = key;
    this.closes_at = closes_at;
    this.sliding = sliding;
    this.max_items = max_items;
  }

  get holds(): Continuation {
    this.held ??= this.join("holds");
    return this.held;
  }

  get joined(): Continuation {
    this.ended ??= this.join("joined");
    return this.ended;
  }
}

/** Executes steps until the run ends, pauses, or comes to a batch, which is then the answer. */
function walk(advancing: Advancing, from: StepPath | null | undefined, comesBack: boolean): BatchJoin | null {
  const { steps } = advancing.input.compiled.workflow;
  let resumed = comesBack;
  let path = from; // undefined once the run pauses
  while (path) {
    const step = stepAt(steps, path);
    if (step === undefined) {
      path = leave(steps, path);
      continue;
    }
    const effect = executeStep(step, resumed, advancing);
    resumed = false;
    if (effect.batch) return joinBatch({ ...effect, batch: effect.batch }, step, path, advancing);
    path = apply(effect, step, path, advancing);
  }
  if (path === null) complete(advancing);
  return null;
}

/**
 * Leaves the reduced data of a batch that closed to the run (E-276). It is reduced here and never again, so that what later
 * steps add stays whole.
 */
function takeBatch(advancing: Advancing): void {
  const { run, batch, input } = advancing;
  const at = run.position ? stepAt(input.compiled.workflow.steps, run.position) : undefined;
  if (batch === null || !isBatchStep(at)) return;
  run.data = batch.reducedData;
  advancing.event("batch_closed", at, { total_activities: batch.total_activities });
  advancing.refresh();
}

/** Nothing of what came in ended the wait: it goes on to its end. */
function stillWaiting({ run, input }: Advancing): Advance {
  const wait = run.wait as RunWait;
  run.wait = { ...wait, seen: input.signals.at(-1)?.id ?? 0 };
  run.due_at = wait.until;
  return { recipientRun: run, messages: [], started: false, batch: null, upserts: [], triggers: [] };
}

/**
 * Walks a run's steps until it ends or must wait, without touching anything outside: all that changes is in the answer.
 * A pure function of its input (and of `ids`). Answers with a need where a step must be told something first; the same
 * input with the answer then goes on.
 */
export function advance(input: AdvanceInput): Advance | Need {
  const before = input.recipientRun;
  if (before.status !== "queued" && input.unavailable) {
    return stopRun(
      before,
      { code: "workflow_unavailable", detail: "the workflow is inactive or was removed" },
      input.now,
    );
  }
  const advancing = new Advancing(input, copyRun(before));
  const { run } = advancing;
  run.updated_at = input.now;
  const first = run.status === "queued";
  try {
    const at = (run.position && stepAt(input.compiled.workflow.steps, run.position)) ?? null;
    if (isWaitForEventStep(at)) {
      const event = endOfWait(at, advancing);
      if (event === undefined) return stillWaiting(advancing);
      advancing.awaited = event;
    }
    if (!first) {
      advancing.event("run_resumed", at);
      takeBatch(advancing);
    }
    const started = first && beginRun(advancing);
    run.status = "processing";
    run.due_at = null;
    run.wait = null;
    const batch = walk(advancing, run.position, !first);
    settleMessages(advancing.made, input.now);
    redactRun(run, input.environment.secrets);
    const { made: messages, upserts, triggers } = advancing;
    return { recipientRun: run, messages, started, batch, upserts, triggers };
  } catch (error) {
    if (error instanceof NeedsAnswer) return error.need;
    throw error;
  }
}

export function isNeed(result: Advance | Need): result is Need {
  return "kind" in result;
}
