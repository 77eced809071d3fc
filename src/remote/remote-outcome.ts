import { DELIVERY_STATUSES, type DeliveryStatus } from "../domain/message/message.js";
import type { RecipientReference } from "../domain/recipient/recipient.js";
import { type RecipientOutcome, type StepOutcome, summarize, type TriggerOutcome } from "../domain/run/outcome.js";
import { RUN_STATUSES, type RunStatus } from "../domain/run/run-status.js";
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
  const byStep = new Map<string, JsonObject[]>();
  for (const message of messages) {
    const ref = stepRefOf(message);
    byStep.set(ref, [...(byStep.get(ref) ?? []), message]);
  }
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
  if (type === "channel") {
    if (story.channel_type !== null) step.channel_type = story.channel_type;
    step.message_id = ids[0] ?? text(made[0]?.id);
  }
  if (step.outcome === "waiting" && cancelled) {
    step.outcome = "cancelled";
    step.reason = { code: "cancelled", detail: null };
  } else if (step.outcome === "waiting") {
    step.until = story.until;
  }
  if (type === "branch") step.branch = story.branch;
  return [step];
}

function channelOutcome(ref: string, type: string | null, ids: string[], unordered: JsonObject[]): StepOutcome {
  const made = unordered.toSorted((a, b) => ids.indexOf(a.id as string) - ids.indexOf(b.id as string));
  const message_ids = [...new Set([...made.map(({ id }) => id as string), ...ids])];
  const statuses = made.map(statusOf);
  const known = statuses.filter((status) => status !== null);
  const channel = made.map((message) => message.channel).find(isJsonObject) ?? {};
  const channel_type = text(channel.type) ?? type;
  const held = made.find((message) => message.status === "queued" && text(message.scheduled_at) !== null);
  const { outcome, reason } = resultOf(statuses, held !== undefined);
  return {
    ref,
    type: "channel",
    ...(channel_type === null ? {} : { channel_type }),
    ...(made.length === 0 ? {} : { channel: text(channel.key) }),
    outcome,
    reason,
    message_id: message_ids[0] ?? null,
    ...(statuses[0] === undefined || statuses[0] === null ? {} : { message_status: statuses[0] }),
    ...(message_ids.length > 1 ? { message_ids } : {}),
    ...(message_ids.length > 1 && known.length === message_ids.length ? { message_statuses: known } : {}),
    ...(outcome === "queued" ? { until: text(held?.scheduled_at) } : {}),
  };
}

/** As the embedded engine has it: failed where every message was refused, queued where a send window holds one. */
function resultOf(statuses: (DeliveryStatus | null)[], held: boolean): Pick<StepOutcome, "outcome" | "reason"> {
  const refused = statuses.length > 0 && statuses.every((status) => status === "undelivered" || status === "bounced");
  if (refused) return { outcome: "failed", reason: { code: "delivery_error", detail: null } };
  return { outcome: held ? "queued" : "sent", reason: null };
}

function statusOf(message: JsonObject): DeliveryStatus | null {
  return DELIVERY_STATUSES.find((status) => status === message.status) ?? null;
}

function stepRefOf(message: JsonObject): string {
  const source = isJsonObject(message.source) ? text(message.source.step_ref) : null;
  const channel = isJsonObject(message.channel) ? text(message.channel.key) : null;
  return source ?? channel ?? "unknown";
}

/** */
export function recipientOf(value: Json | undefined): RecipientReference {
  if (!isJsonObject(value)) return typeof value === "string" ? value : "";
  const [id, collection] = [text(value.id) ?? "", text(value.collection)];
  return collection === null ? id : { id, collection };
}

export function runStatusOf(run: JsonObject): RunStatus | null {
  return RUN_STATUSES.find((status) => status === run.status) ?? null;
}

export function hasEnded(run: JsonObject): boolean {
  return run.status === "completed" || run.status === "cancelled";
}

/** The recipient run a message came from, or null. */
export function runIdOf(message: JsonObject): string | null {
  return isJsonObject(message.source) ? text(message.source.workflow_recipient_run_id) : null;
}
