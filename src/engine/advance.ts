import type { BatchJoin, Continuation, PendingTrigger } from "../domain/batch.js";
import type { Message } from "../domain/message.js";
import type { Reason, StepOutcome } from "../domain/outcome.js";
import type { RecipientUpsert } from "../domain/recipient.js";
import type { Step } from "../domain/workflow.js";
import type { RecipientRun, StepPath } from "../domain/workflow-run.js";
import { type AdvanceInput, Advancing, copyRun, type Need, NeedsAnswer, type StepEffect } from "./advancing.js";
import { beginRun } from "./begin-run.js";
import { executeStep } from "./execute-step.js";
import { settleMessages } from "./message-state.js";
import { leave, nextOf, stepAt } from "./step-path.js";

export interface Advance {
  recipientRun: RecipientRun;
  /** The messages made by this advance, before a batch if it came to one. */
  messages: Message[];
  /** The run is at a batch: how it stands then is the store's to pick. `recipientRun` is as if it opened one. */
  batch: BatchJoin | null;
  upserts: RecipientUpsert[];
  triggers: PendingTrigger[];
  /** The steps this advance executed or ended. */
  executed: StepOutcome[];
  /** The run passed its conditions and the frequency check for the first time: it uses up a "once" (E-070). */
  started: boolean;
}

function complete(advancing: Advancing): void {
  Object.assign(advancing.run, { status: "completed", position: null, due_at: null });
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
  Object.assign(run, { status: "cancelled", position: null, due_at: null });
  return {
    recipientRun: run,
    messages: [],
    executed: waiting ? [waiting] : [],
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
  advancing.executed.push(effect.outcome);
  const log = advancing.takeLog(effect);
  for (const message of effect.messages ?? []) {
    advancing.made.push(message);
    advancing.event("message_enqueued", step, { channel_type: message.channel.type, message_id: message.id });
  }
  if (effect.data) run.data = effect.data;
  if (effect.upserts) advancing.upsert(effect.upserts);
  if (effect.trigger) advancing.triggers.push(effect.trigger);
  if (effect.data || effect.upserts) advancing.refresh();
  if (effect.wait) {
    run.status = "paused";
    run.position = path;
    run.due_at = effect.wait.until;
    advancing.event("run_paused", step, { until: new Date(effect.wait.until).toISOString(), ...log });
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
  else if (outcome !== "failed") advancing.event("step_completed", step, log);
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
  const { leads, ...window } = effect.batch;
  const { run, input } = advancing;
  const before = advancing.made.length;

  const join = (how: "holds" | "joined" | "leads"): Continuation => {
    const fork = advancing.fork();
    if (how === "holds") {
      fork.event("batch_opened", step, { key: window.key });
      apply({ ...effect, wait: { until: window.closes_at } }, step, path, fork);
    } else if (how === "joined") {
      fork.event("batch_joined", step, { key: window.key });
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
      fork.event("batch_opened", step, { key: window.key, leading: true });
      const next = apply(
        { outcome: { ref: step.ref, type: step.type, outcome: "passed", reason: null } },
        step,
        path,
        fork,
      );
      walk(fork, next, false);
    }
    const messages = fork.made.slice(before);
    settleMessages(messages, input.now);
    return { recipientRun: fork.run, messages, upserts: fork.upserts, triggers: fork.triggers };
  };
  return {
    ...window,
    activity: { id: run.id, actor: input.run.actor, data: run.data ?? input.run.data, at: input.now },
    leads: leads ? join("leads") : null,
    holds: join("holds"),
    joined: join("joined"),
  };
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

/** A batch that closed leaves its merged data to the run (E-276); before it, in the run's scope, nothing of it is there. */
function takeBatch(advancing: Advancing): void {
  const { run, batch, input } = advancing;
  const at = run.position ? stepAt(input.compiled.workflow.steps, run.position) : undefined;
  if (batch === null || at?.type !== "batch") return;
  run.data = batch.data;
  advancing.event("batch_closed", at, { total_activities: batch.total_activities });
  advancing.refresh();
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
  const advancing = new Advancing(input, { ...copyRun(before), updated_at: input.now });
  const { run } = advancing;
  const first = run.status === "queued";
  if (!first) {
    advancing.event("run_resumed", run.position ? (stepAt(input.compiled.workflow.steps, run.position) ?? null) : null);
    takeBatch(advancing);
  }
  const started = first && beginRun(advancing);
  run.status = "processing";
  run.due_at = null;
  try {
    const batch = walk(advancing, run.position, !first);
    settleMessages(advancing.made, input.now);
    const { made: messages, executed, upserts, triggers } = advancing;
    return { recipientRun: batch?.holds.recipientRun ?? run, messages, executed, started, batch, upserts, triggers };
  } catch (error) {
    if (error instanceof NeedsAnswer) return error.need;
    throw error;
  }
}

export function isNeed(result: Advance | Need): result is Need {
  return "kind" in result;
}
