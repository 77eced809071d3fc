import { channelOutcome, messagesByStep, recipientOf } from "../domain/run/message-outcomes.js";
import { type RecipientOutcome, type StepOutcome, summarize, type TriggerOutcome } from "../domain/run/outcome.js";
import { RUN_STATUSES, type RunStatus } from "../domain/run/run-status.js";
import { findStepDefinition } from "../domain/steps/registry.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { readEvents, type StepStory, text } from "./run-events.js";

/** A run as the API tells it: its list entry, its events where its detail was read, and its messages, oldest first. */
export interface ToldRun {
  run: JsonObject;
  events: Json[] | null;
  messages: JsonObject[];
}

/** What is known of one trigger (contract, section 2). Nothing is filled in that the API did not tell. */
export function outcomeOf(
  known: Pick<TriggerOutcome, "workflow_run_id" | "workflow" | "replayed">,
  told: readonly ToldRun[],
): TriggerOutcome {
  const recipients = told.map(recipientOutcomeOf);
  const key = told.map(({ run }) =>
    isJsonObject(run.trigger_source) ? text(run.trigger_source.cancellation_key) : null,
  );
  return {
    workflow_run_id: known.workflow_run_id,
    workflow: known.workflow,
    target: "remote",
    cancellation_key: key.find((value) => value !== null) ?? null,
    recipients,
    summary: summarize(recipients),
    ...(known.replayed === undefined ? {} : { replayed: known.replayed }),
  };
}

export function recipientOutcomeOf(told: ToldRun): RecipientOutcome {
  const { run, events } = told;
  const { reason } = readEvents(events ?? []);
  const steps = stepOutcomesOf(told);
  return {
    recipient: recipientOf(run.recipient),
    recipient_run_id: text(run.id),
    status: runStatusOf(run),
    steps,
    ...(reason !== null && steps.length === 0 ? { reason } : {}),
  };
}

/** The steps a run's events and messages tell of; one that was only begun is left out. */
export function stepOutcomesOf({ run, events, messages }: ToldRun): StepOutcome[] {
  const { steps } = readEvents(events ?? []);
  const byStep = messagesByStep(messages);
  const cancelled = runStatusOf(run) === "cancelled";
  const outcomes = [...steps.values()].flatMap((story) =>
    outcomeOfStory(story, byStep.get(story.ref) ?? [], cancelled),
  );
  const told = new Set(outcomes.map(({ ref }) => ref));
  for (const [ref, made] of byStep) if (!told.has(ref)) outcomes.push(channelOutcome(ref, null, [], made));
  return outcomes;
}

function outcomeOfStory(story: StepStory, made: JsonObject[], cancelled: boolean): StepOutcome[] {
  const { ref, message_ids: ids } = story;
  const failed = story.outcome === "failed" || story.outcome === "skipped";
  if (!failed && (made.length > 0 || ids.length > 0)) return [channelOutcome(ref, story.channel_type, ids, made)];
  if (story.outcome === null) return [];
  const type = story.type ?? "unknown";
  const step: StepOutcome = { ref, type, outcome: story.outcome, reason: story.reason };
  const definition = findStepDefinition(type);
  if (definition?.makesMessages) {
    if (story.channel_type !== null) step.channel_type = story.channel_type;
    step.message_id = ids[0] ?? text(made[0]?.id);
  }
  if (step.outcome === "waiting" && cancelled) {
    step.outcome = "cancelled";
    step.reason = { code: "cancelled", detail: null };
  } else if (step.outcome === "waiting") {
    step.until = story.until;
  }
  if (definition?.branchesField !== undefined) step.branch = story.branch;
  return [step];
}

export function runStatusOf(run: JsonObject): RunStatus | null {
  return RUN_STATUSES.find((status) => status === run.status) ?? null;
}

export function hasEnded(run: JsonObject): boolean {
  return run.status === "completed" || run.status === "cancelled";
}
