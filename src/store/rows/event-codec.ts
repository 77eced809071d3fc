import type { MessageEvent } from "../../domain/message/message.js";
import type { RunEvent } from "../../domain/run/workflow-run.js";
import { type JsonText, parseJson, stringify } from "./json-column.js";

// Events are half the bytes of a run. They are stored as tuples that omit default values at the end, with times relative to
// the row's start. That takes a third of the size of objects, and the store is faster by as much as it is smaller.

/** Stands for the step of the event before, in place of its ref and its type. */
const SAME_STEP = 0;
type SameStep = typeof SAME_STEP;

type RunTuple = [
  event: string,
  after?: number,
  step_ref?: RunEvent["step_ref"] | SameStep,
  step_type?: RunEvent["step_type"] | SameStep,
  data?: RunEvent["data"],
  attempt?: number,
  status?: RunEvent["status"],
];
type MessageTuple = [type: MessageEvent["type"], after?: number, data?: MessageEvent["data"]];

/** Returns an event as a tuple that ends with the last value that is not the default. */
function toRunTuple(event: RunEvent, before: RunEvent | undefined, start: number): RunTuple {
  const { status, attempt, data, step_type, step_ref, at } = event;
  const isSameStep = step_ref !== null && step_ref === before?.step_ref && step_type === before.step_type;
  const tuple: RunTuple = [
    event.event,
    at - start,
    isSameStep ? SAME_STEP : step_ref,
    isSameStep ? SAME_STEP : step_type,
    data,
    attempt,
    status,
  ];
  let length: RunTuple["length"] = 1;
  if (status !== "ok") length = 7;
  else if (attempt !== 1) length = 6;
  else if (data !== null) length = 5;
  else if (step_type !== null && !isSameStep) length = 4;
  else if (step_ref !== null) length = 3;
  else if (at !== start) length = 2;
  tuple.length = length;
  return tuple;
}

export function packRunEvents(events: readonly RunEvent[], start: number): JsonText<RunTuple[]> {
  return stringify(events.map((event, index) => toRunTuple(event, events[index - 1], start)));
}

export function unpackRunEvents(text: JsonText<RunTuple[]>, start: number): RunEvent[] {
  const events: RunEvent[] = [];
  for (const tuple of parseJson(text)) {
    const [event, after = 0, step_ref = null, step_type = null, data = null, attempt = 1, status = "ok"] = tuple;
    const before = step_ref === SAME_STEP ? events.at(-1) : undefined;
    events.push({
      event,
      status,
      step_ref: step_ref === SAME_STEP ? (before?.step_ref ?? null) : step_ref,
      step_type: step_ref === SAME_STEP || step_type === SAME_STEP ? (before?.step_type ?? null) : step_type,
      attempt,
      data,
      at: start + after,
    });
  }
  return events;
}

export function packMessageEvents(events: readonly MessageEvent[], start: number): JsonText<MessageTuple[]> {
  return stringify(
    events.map(({ type, at, data }): MessageTuple => {
      if (data !== null) return [type, at - start, data];
      return at === start ? [type] : [type, at - start];
    }),
  );
}

export function unpackMessageEvents(text: JsonText<MessageTuple[]>, start: number): MessageEvent[] {
  return parseJson(text).map(([type, after = 0, data = null]) => ({ type, at: start + after, data }));
}
