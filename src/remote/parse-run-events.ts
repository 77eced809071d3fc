import type { Reason, ReasonCode, StepResult } from "../domain/run/outcome.js";
import { REASONS } from "../domain/run/reasons.js";
import { findStepDefinition } from "../domain/step-types/step-definitions.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";

/** One step according to a run's events. `outcome` is null if the events report only that it started. */
export interface StepHistory {
  ref: string;
  type: string | null;
  channel_type: string | null;
  outcome: StepResult | null;
  reason: Reason | null;
  until: string | null;
  branch: string | null;
  message_ids: string[];
}

interface RunHistory {
  /** The history of each step, in the order in which the steps were reached. */
  steps: Map<string, StepHistory>;
  /** The reason why the run ended before any step; null otherwise. */
  reason: Reason | null;
}

/** Our codes for `step_skipped.data.reason` (EQ-04). Our own codes are accepted unchanged. */
const REASON_BY_EVENT: Record<string, ReasonCode> = {
  conditions_failed: "condition",
  channel_conditions_failed: "condition",
  trigger_conditions_failed: "condition",
  recipient_opted_out: "preference",
  delay_skipped_by_settings: "skip_delay",
};

type EventHandler = (step: StepHistory, data: JsonObject) => void;

/**
 * Functions that apply an event to its step, by the event's name. Event names are an open set, and other events change
 * nothing (E-009, A-607).
 */
const EVENT_HANDLERS: Record<string, EventHandler> = {
  step_skipped: (step, data) => setOutcome(step, "skipped", parseReason(data)),
  step_completed: (step, data) => {
    if (step.outcome === "halted") return;
    setOutcome(step, "passed", null);
    step.branch = toText(data.branch);
  },
  step_failed: (step, data) => setOutcome(step, "failed", parseReason(data) ?? findFailureReason(step, data)),
  message_enqueued: (step, data) => {
    const id = toText(data.message_id);
    if (id !== null) step.message_ids.push(id);
    step.channel_type = toText(data.channel_type) ?? step.channel_type;
  },
  batch_opened: (step, data) => setWaiting(step, data),
  batch_joined: (step) => setOutcome(step, "halted", { code: "batched", detail: null }),
  batch_closed: (step) => setOutcome(step, "passed", null),
  run_paused: (step, data) => setWaiting(step, data),
  run_resumed: (step) => setOutcome(step, "passed", null),
  run_halted: (step, data) => {
    const code = findStepDefinition(step.type)?.eventReasons?.halted;
    setOutcome(step, "halted", parseReason(data) ?? (code === undefined ? null : { code, detail: null }));
  },
  run_cancelled: (step, data) =>
    setOutcome(step, "cancelled", parseReason(data) ?? { code: "cancelled", detail: null }),
};

/** Reads a run's events, whatever they contain. */
export function parseRunEvents(events: readonly Json[]): RunHistory {
  const history: RunHistory = { steps: new Map(), reason: null };
  for (const entry of sortByTime(events.filter(isJsonObject))) {
    const name = toText(entry.event);
    const data = isJsonObject(entry.data) ? entry.data : {};
    const ref = toText(entry.step_ref);
    if (ref === null) {
      if (name === "run_halted") history.reason = parseReason(data) ?? history.reason;
      if (name === "trigger_conditions_evaluated" && (data.result === false || data.passed === false)) {
        history.reason = { code: "condition", detail: findDetail(data) };
      }
      continue;
    }
    const step = history.steps.get(ref) ?? createStepHistory(ref);
    step.type = toText(entry.step_type) ?? step.type;
    history.steps.set(ref, step);
    if (name !== null && Object.hasOwn(EVENT_HANDLERS, name)) EVENT_HANDLERS[name]!(step, data);
  }
  return history;
}

function createStepHistory(ref: string): StepHistory {
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

function setOutcome(step: StepHistory, outcome: StepResult, reason: Reason | null): void {
  Object.assign(step, { outcome, reason, until: null });
}

function setWaiting(step: StepHistory, data: JsonObject): void {
  setOutcome(step, "waiting", null);
  step.until = toText(data.until) ?? toText(data.resume_at) ?? toText(data.due_at) ?? toText(data.closes_at);
}

/** Returns a reason; null if its code is not in the closed list, on which scripts rely. */
function parseReason(data: JsonObject): Reason | null {
  const eventReason = toText(data.reason);
  if (eventReason === null) return null;
  const known = Object.hasOwn(REASONS, eventReason) ? (eventReason as ReasonCode) : null;
  const code = Object.hasOwn(REASON_BY_EVENT, eventReason) ? REASON_BY_EVENT[eventReason]! : known;
  return code === null ? null : { code, detail: findDetail(data) };
}

/**
 * Returns why a step failed, if its type implies the reason: a channel step's template cannot be rendered (E-192), a fetch
 * step's request fails.
 */
function findFailureReason(step: StepHistory, data: JsonObject): Reason | null {
  const code = findStepDefinition(step.type)?.eventReasons?.failed;
  return code === undefined ? null : { code, detail: findDetail(data) };
}

function findDetail(data: JsonObject): string | null {
  return toText(data.detail) ?? toText(data.error) ?? toText(data.message);
}

/** Returns events oldest first, because the API does not guarantee an order. */
function sortByTime(events: JsonObject[]): JsonObject[] {
  const [first, last] = [parseEventTime(events[0]), parseEventTime(events.at(-1))];
  return first > last ? events.reverse() : events;
}

function parseEventTime(event: JsonObject | undefined): number {
  return Date.parse(toText(event?.inserted_at) ?? "");
}

export function toText(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
