import { isJsonObject } from "../../util/json.js";
import { parseConditionList } from "../condition/parse-conditions.js";
import { anything, object, oneOf, optional, type Shape } from "../shape/shape.js";
import { durationMs } from "./duration.js";
import { checkLength } from "./parse-window-step.js";
import { checked, type StepContext, type StepParser } from "./step-context.js";
import { durationShape, filledText } from "./step-shapes.js";
import { type AwaitedEvent, type MatchGroup, MESSAGE_EVENT_KEYS, type WaitForEventStep } from "./step-types.js";

const LONGEST_WAIT_DAYS = 30;

type EventType = AwaitedEvent["event_type"];
type EventFields<T extends EventType> = Omit<Extract<AwaitedEvent, { event_type: T }>, "event_type">;

const eventShapes: { [T in Exclude<EventType, "recipient">]: Shape<EventFields<T>> } = {
  integration_source: object({ integration_source_key: filledText, event_key: filledText }),
  message: object({
    source_type: oneOf(["workflow", "broadcast", "guide"]),
    source_key: filledText,
    event_key: oneOf(MESSAGE_EVENT_KEYS),
  }),
  workflow: object({ source_key: filledText, event_key: oneOf(["started", "completed"]) }),
  audience: object({ audience_key: filledText, event_key: oneOf(["enter", "exit"]) }),
};
const recipientEvent = object({ event_key: optional(oneOf(["updated"])) });
const eventType = oneOf(["integration_source", "message", "workflow", "audience", "recipient"]);

function parseEvent(value: unknown, path: PropertyKey[], { complain }: StepContext): AwaitedEvent | null {
  const raw = isJsonObject(value) ? value : null;
  if (raw === null) {
    complain(path, "is required (an object with event_type)");
    return null;
  }
  const type = checked(eventType, raw.event_type, [...path, "event_type"], complain);
  switch (type) {
    case null:
      return null;
    case "recipient":
      return checked(recipientEvent, raw, path, complain) && { event_type: type, event_key: "updated" };
    case "integration_source": {
      const event = checked(eventShapes[type], raw, path, complain);
      if (event === null) return null;
      const { integration_source_key, event_key } = event;
      return { event_type: type, integration_source_key, event_key };
    }
    case "message": {
      const event = checked(eventShapes[type], raw, path, complain);
      if (event === null) return null;
      const { source_type, source_key, event_key } = event;
      return { event_type: type, source_type, source_key, event_key };
    }
    case "workflow": {
      const event = checked(eventShapes[type], raw, path, complain);
      return event && { event_type: type, source_key: event.source_key, event_key: event.event_key };
    }
    case "audience": {
      const event = checked(eventShapes[type], raw, path, complain);
      return event && { event_type: type, audience_key: event.audience_key, event_key: event.event_key };
    }
  }
}

/** The third shape of conditions (F-033); the only place where `event.…` can be asked about. */
function parseMatchConditions(value: unknown, path: PropertyKey[], context: StepContext): MatchGroup[] {
  const { complain } = context;
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    complain(path, 'must be a list of groups such as { "operator": "and", "conditions": [] }');
    return [];
  }
  return value.flatMap((group: unknown, index): MatchGroup[] => {
    const here = [...path, index];
    if (!isJsonObject(group)) {
      complain(here, 'must be a group such as { "operator": "and", "conditions": [] }');
      return [];
    }
    checked(oneOf(["and"]), group.operator, [...here, "operator"], complain);
    const place = { refs: context.refs, event: true };
    const conditions = parseConditionList(group.conditions, [...here, "conditions"], place, complain);
    if (Array.isArray(group.conditions) && conditions.length === 0)
      complain([...here, "conditions"], "needs at least one condition");
    return [{ operator: "and", conditions }];
  });
}

const choice = optional(oneOf(["continue", "halt"]));
const waitSettings = object({
  event: anything,
  match_conditions: anything,
  expires_after: optional(durationShape),
  on_match: choice,
  on_timeout: choice,
});

/** F-049, E-336 to E-340. That an awaited audience is dynamic only the project's audiences can tell (E-346). */
export const parseWaitForEventStep: StepParser<WaitForEventStep> = (raw, base, path, context) => {
  const { complain } = context;
  const at = [...path, "settings"];
  const settings = checked(waitSettings, raw.settings, at, complain);
  if (settings === null) return null;
  const event = parseEvent(settings.event, [...at, "event"], context);
  const matchPath = [...at, "match_conditions"];
  const matchConditions = parseMatchConditions(settings.match_conditions, matchPath, context);
  const needsConditions = event?.event_type === "message" || event?.event_type === "workflow";
  const given = Array.isArray(settings.match_conditions) && settings.match_conditions.length > 0;
  if (needsConditions && !given) complain(matchPath, `is required for ${event.event_type} events (at least one)`);
  const expiresAfter = settings.expires_after ?? { unit: "minutes", value: 15 };
  const expiresPath = [...at, "expires_after"];
  if (durationMs(expiresAfter) === 0) complain([...expiresPath, "value"], "must be more than nothing");
  checkLength(expiresAfter, LONGEST_WAIT_DAYS, expiresPath, complain);
  if (event === null) return null;
  return {
    ...base,
    type: "wait_for_event",
    settings: {
      event,
      match_conditions: matchConditions,
      expires_after: expiresAfter,
      on_match: settings.on_match ?? "continue",
      on_timeout: settings.on_timeout ?? "halt",
    },
  };
};
