import { REASONS, type Reason, type ReasonCode, type StepResult } from "../domain/run/outcome.js";
import { findStepDefinition } from "../domain/steps/registry.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";

/** What a run's events tell of one step. `outcome` null: it was begun, and nothing more is told. */
export interface StepStory {
  ref: string;
  type: string | null;
  channel_type: string | null;
  outcome: StepResult | null;
  reason: Reason | null;
  until: string | null;
  branch: string | null;
  message_ids: string[];
}

export interface RunStory {
  /** In the order in which they were reached. */
  steps: Map<string, StepStory>;
  /** Why the run ended before any step. */
  reason: Reason | null;
}

/** `step_skipped.data.reason` (EQ-04) in our words. Ours are taken as they are. */
const REASON_OF_EVENT: Record<string, ReasonCode> = {
  conditions_failed: "condition",
  channel_conditions_failed: "condition",
  trigger_conditions_failed: "condition",
  recipient_opted_out: "preference",
  delay_skipped_by_settings: "skip_delay",
};

type Teller = (step: StepStory, data: JsonObject) => void;

/** What each event says of its step. Event names are an open set (E-009, A-607): others say nothing. */
const TELLERS: Record<string, Teller> = {
  step_skipped: (step, data) => settle(step, "skipped", reasonOf(data)),
  step_completed: (step, data) => {
    if (step.outcome === "halted") return;
    settle(step, "passed", null);
    step.branch = text(data.branch);
  },
  step_failed: (step, data) => settle(step, "failed", reasonOf(data) ?? failureOf(step, data)),
  message_enqueued: (step, data) => {
    const id = text(data.message_id);
    if (id !== null) step.message_ids.push(id);
    step.channel_type = text(data.channel_type) ?? step.channel_type;
  },
  batch_opened: (step, data) => wait(step, data),
  batch_joined: (step) => settle(step, "halted", { code: "batched", detail: null }),
  batch_closed: (step) => settle(step, "passed", null),
  run_paused: (step, data) => wait(step, data),
  run_resumed: (step) => settle(step, "passed", null),
  run_halted: (step, data) => {
    const code = findStepDefinition(step.type)?.eventReasons?.halted;
    settle(step, "halted", reasonOf(data) ?? (code === undefined ? null : { code, detail: null }));
  },
  run_cancelled: (step, data) => settle(step, "cancelled", reasonOf(data) ?? { code: "cancelled", detail: null }),
};

/** Reads a run's events, whatever they hold. */
export function readEvents(events: readonly Json[]): RunStory {
  const story: RunStory = { steps: new Map(), reason: null };
  for (const entry of inOrder(events.filter(isJsonObject))) {
    const name = text(entry.event);
    const data = isJsonObject(entry.data) ? entry.data : {};
    const ref = text(entry.step_ref);
    if (ref === null) {
      if (name === "run_halted") story.reason = reasonOf(data) ?? story.reason;
      if (name === "trigger_conditions_evaluated" && (data.result === false || data.passed === false)) {
        story.reason = { code: "condition", detail: detailOf(data) };
      }
      continue;
    }
    const step = story.steps.get(ref) ?? begin(ref);
    step.type = text(entry.step_type) ?? step.type;
    story.steps.set(ref, step);
    if (name !== null && Object.hasOwn(TELLERS, name)) TELLERS[name]!(step, data);
  }
  return story;
}

function begin(ref: string): StepStory {
  return {
    ref,
    type: null,
    channel_type: null,
    outcome: null,
    reason: null,
    until: null,
    branch: null,
    message_ids: [],
  };
}

function settle(step: StepStory, outcome: StepResult, reason: Reason | null): void {
  Object.assign(step, { outcome, reason, until: null });
}

function wait(step: StepStory, data: JsonObject): void {
  settle(step, "waiting", null);
  step.until = text(data.until) ?? text(data.resume_at) ?? text(data.due_at) ?? text(data.closes_at);
}

/** A reason outside the closed list is not told: scripts rely on the list. */
function reasonOf(data: JsonObject): Reason | null {
  const told = text(data.reason);
  if (told === null) return null;
  const known = Object.hasOwn(REASONS, told) ? (told as ReasonCode) : null;
  const code = Object.hasOwn(REASON_OF_EVENT, told) ? REASON_OF_EVENT[told]! : known;
  return code === null ? null : { code, detail: detailOf(data) };
}

/** Why a step failed, where its type says it: a channel step's template cannot be rendered (E-192), a fetch's request fails. */
function failureOf(step: StepStory, data: JsonObject): Reason | null {
  const code = findStepDefinition(step.type)?.eventReasons?.failed;
  return code === undefined ? null : { code, detail: detailOf(data) };
}

function detailOf(data: JsonObject): string | null {
  return text(data.detail) ?? text(data.error) ?? text(data.message);
}

/** Oldest first, which the API does not promise. */
function inOrder(events: JsonObject[]): JsonObject[] {
  const [first, last] = [time(events[0]), time(events.at(-1))];
  return first > last ? events.reverse() : events;
}

function time(event: JsonObject | undefined): number {
  return Date.parse(text(event?.inserted_at) ?? "");
}

export function text(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
