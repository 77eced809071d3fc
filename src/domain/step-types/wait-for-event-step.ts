import * as z from "zod/mini";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import type { Condition } from "../condition/condition.js";
import { matchGroupsSchema } from "../condition/condition-schema.js";
import { parseConditionList } from "../condition/parse-conditions.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { discriminatedUnion } from "../schema/discriminated-union.js";
import { choice, described, optional, requiredText, rule } from "../schema/fields.js";
import type { StepBase } from "../step/step.js";
import { defineStep, getSettings, type RawStep, type StepCheckContext } from "../step/step-definition.js";
import { toMilliseconds } from "../step/step-duration.js";
import { stepFields } from "../step/step-fields.js";
import { formatStepDuration } from "../step/summarize-window.js";
import { checkDuration, durationField } from "../step/window.js";

const MAX_WAIT_DAYS = 30;

const MESSAGE_EVENT_KEYS = [
  "created",
  "queued",
  "sent",
  "not_sent",
  "delivered",
  "delivery_attempted",
  "undelivered",
  "bounced",
  "read",
  "unread",
  "seen",
  "unseen",
  "archived",
  "unarchived",
  "interacted",
  "link_clicked",
] as const;

const eventType = <const T extends string>(type: T) => described(z.literal(type), "The type of the event.");

/** The schemas of the events that a step can wait for, by `event_type` (section 9.12 of the format). */
const EVENT_SCHEMAS = {
  integration_source: once(() =>
    z.strictObject({
      event_type: eventType("integration_source"),
      integration_source_key: requiredText('The key of the source, such as "billing".'),
      event_key: requiredText('The name of the event, such as "invoice.paid".'),
    }),
  ),
  message: once(() =>
    z.strictObject({
      event_type: eventType("message"),
      source_type: described(z.enum(["workflow", "broadcast", "guide"]), "The type of the message's source."),
      source_key: requiredText("The key of the workflow, broadcast or guide."),
      event_key: described(z.enum(MESSAGE_EVENT_KEYS), "The message event."),
    }),
  ),
  workflow: once(() =>
    z.strictObject({
      event_type: eventType("workflow"),
      source_key: requiredText('The key of the workflow, such as "new-comment".'),
      event_key: described(z.enum(["started", "completed"]), "The event of the workflow's run."),
    }),
  ),
  audience: once(() =>
    z.strictObject({
      event_type: eventType("audience"),
      audience_key: requiredText("The key of a dynamic audience.", "power-users"),
      event_key: described(z.enum(["enter", "exit"]), "Whether the recipient joins or leaves the audience."),
    }),
  ),
  recipient: once(() =>
    z.strictObject({
      event_type: eventType("recipient"),
      event_key: choice(["updated"], "The recipient was updated."),
    }),
  ),
};

const EVENT_TYPES_WITH_CONDITIONS: readonly unknown[] = ["message", "workflow"];

/** Returns the schema of the step (F-049, E-336 to E-340). */
const schema = () =>
  z.strictObject({
    ...stepFields("wait_for_event"),
    settings: described(
      z
        .strictObject({
          event: described(
            discriminatedUnion("event_type", EVENT_SCHEMAS, { expected: "is required (an object with event_type)" }),
            "The event that the step waits for.",
          ),
          match_conditions: described(
            optional(matchGroupsSchema()),
            "Groups of conditions, of which the event must meet at least one. Required for message and workflow events.",
          ),
          expires_after: durationField("How long the step waits (default: 15 minutes, at most 30 days)."),
          on_match: choice(
            ["continue", "halt"],
            "Whether the run continues or ends when the event occurs (default: continue).",
          ),
          on_timeout: choice(
            ["continue", "halt"],
            "Whether the run continues or ends when the step times out (default: halt).",
          ),
        })
        .check(
          rule(({ event, match_conditions, expires_after }, report) => {
            const type = isJsonObject(event) ? event.event_type : null;
            const hasConditions = Array.isArray(match_conditions) && match_conditions.length > 0;
            if (EVENT_TYPES_WITH_CONDITIONS.includes(type) && !hasConditions)
              report(["match_conditions"], `is required for ${type} events (at least one)`);
            if (toMilliseconds(expires_after) === 0) report(["expires_after", "value"], "must be greater than 0");
            checkDuration(expires_after, MAX_WAIT_DAYS, ["expires_after"], report);
          }),
        ),
      "The event that the step waits for, and how long.",
    ),
  });

/**
 * Reports invalid match conditions. They have a form of their own (F-033) and are the only conditions that can use
 * `event.…`.
 */
function checkMatchConditions(value: unknown, context: StepCheckContext, report: ReportFinding): void {
  if (value === undefined || value === null) return;
  const path = ["settings", "match_conditions"];
  if (!Array.isArray(value))
    return report(path, 'must be a list of groups such as { "operator": "and", "conditions": [] }');
  for (const [index, group] of value.entries()) {
    const groupPath = [...path, index];
    if (!isJsonObject(group)) {
      report(groupPath, 'must be a group such as { "operator": "and", "conditions": [] }');
      continue;
    }
    const { operator } = group;
    if (operator !== "and")
      report(
        [...groupPath, "operator"],
        `must be "and"${operator === undefined ? "" : `, found ${JSON.stringify(operator)}`}`,
      );
    const conditionContext = { refs: context.refs, allowsEvent: true };
    const conditions = parseConditionList(group.conditions, [...groupPath, "conditions"], conditionContext, report);
    if (Array.isArray(group.conditions) && conditions.length === 0)
      report([...groupPath, "conditions"], "needs at least one condition");
  }
}

type RawEvent = z.output<ReturnType<(typeof EVENT_SCHEMAS)[keyof typeof EVENT_SCHEMAS]>>;
type Event<T extends RawEvent["event_type"]> = Required<Extract<RawEvent, { event_type: T }>>;

/** The event that a run waits for. */
export type AwaitedEvent =
  | Event<"integration_source">
  | Event<"message">
  | Event<"workflow">
  | Event<"audience">
  | { event_type: "recipient"; event_key: "updated" };

function toAwaitedEvent(event: RawEvent): AwaitedEvent {
  const { event_type: type } = event;
  // The keys are listed because their order is part of the workflow's version.
  if (type === "recipient") return { event_type: type, event_key: "updated" };
  if (type === "integration_source")
    return { event_type: type, integration_source_key: event.integration_source_key, event_key: event.event_key };
  if (type === "message") {
    const { source_type, source_key, event_key } = event;
    return { event_type: type, source_type, source_key, event_key };
  }
  if (type === "workflow") return { event_type: type, source_key: event.source_key, event_key: event.event_key };
  return { event_type: type, audience_key: event.audience_key, event_key: event.event_key };
}

/** A group of conditions, which must all be true. At least one group must be true (F-033). */
interface MatchGroup {
  operator: "and";
  conditions: Condition[];
}

function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  const groups = (settings.match_conditions ?? []) as MatchGroup[];
  return {
    ...base,
    type: "wait_for_event" as const,
    settings: {
      event: toAwaitedEvent(settings.event),
      /** If the list is empty, every event of this kind matches. */
      match_conditions: groups.map(({ conditions }): MatchGroup => ({ operator: "and", conditions })),
      expires_after: settings.expires_after ?? { unit: "minutes", value: 15 },
      on_match: settings.on_match ?? "continue",
      on_timeout: settings.on_timeout ?? "halt",
    },
  };
}

export type WaitForEventStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    wait_for_event: WaitForEventStep;
  }
}

/** Returns whether a step is a wait step, and narrows its type. */
export const isWaitForEventStep = (step: (StepBase & { type: string }) | null | undefined): step is WaitForEventStep =>
  step?.type === "wait_for_event";

const getEvent = (raw: JsonObject): JsonObject => {
  const { event } = getSettings(raw);
  return isJsonObject(event) ? event : {};
};

function summarizeEvent(event: AwaitedEvent): string {
  switch (event.event_type) {
    case "integration_source":
      return `${event.event_key} from ${event.integration_source_key}`;
    case "message":
      return `message of ${event.source_key} ${event.event_key}`;
    case "workflow":
      return `workflow ${event.source_key} ${event.event_key}`;
    case "audience":
      return `recipient ${event.event_key === "enter" ? "enters" : "leaves"} ${event.audience_key}`;
    case "recipient":
      return "recipient updated";
  }
}

export const waitForEventStep = defineStep({
  label: "a wait_for_event",
  schema,
  normalize,
  listReasons: ({ settings }) => [
    ...(settings.on_match === "halt" ? ["event_matched"] : []),
    ...(settings.on_timeout === "halt" ? ["wait_expired"] : []),
  ],
  check: (raw, report, context) => checkMatchConditions(getSettings(raw).match_conditions, context, report),
  warn(raw, warn, project) {
    const { source_type, source_key, event_type, integration_source_key: source } = getEvent(raw);
    const path = ["settings", "event"];
    if (source_type === "broadcast" && !project.hasBroadcast(String(source_key)))
      warn([...path, "source_key"], `never occurs locally: there is no broadcast "${source_key}"`);
    if (event_type === "integration_source" && !project.hasSource(String(source)))
      warn(
        [...path, "integration_source_key"],
        `never occurs locally: there is no source "${source}"; the step waits until it expires`,
      );
  },
  changedScopes: ["data", "refs"],
  /** Declares the audience, because only the project knows whether it is dynamic (E-346). */
  references: ({ settings: { event } }) =>
    event.event_type === "audience"
      ? [
          {
            kind: "audience",
            key: event.audience_key,
            path: ["settings", "event", "audience_key"],
            audienceType: "dynamic",
          },
        ]
      : [],
  summarize: ({ settings }) => `${summarizeEvent(settings.event)}, up to ${formatStepDuration(settings.expires_after)}`,
  isAllowedInBroadcasts: true,
  waitLabel: "for an event",
});
