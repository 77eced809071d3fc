import * as z from "zod/mini";
import { type ReportFinding, reportBelow } from "../domain/findings/report-finding.js";
import { ENGAGEMENT_ACTIONS } from "../domain/message/message.js";
import { preferenceSetSchema } from "../domain/preferences/preference-set-schema.js";
import { faultBodySchema } from "../domain/request/helper-bodies.js";
import { recipientsFileSchema } from "../domain/request/recipients-file-schema.js";
import { parseExpectation } from "../domain/run/expectation.js";
import { summarizeOutcomes } from "../domain/run/outcome.js";
import {
  anyObject,
  anyValue,
  described,
  matchingText,
  nonEmptyString,
  optional,
  record,
  rule,
  schemaReference,
  text,
  wholeNumber,
} from "../domain/schema/fields.js";
import { unionByType } from "../domain/schema/union-by-type.js";
import { buildScheduleRequestSchema } from "../domain/trigger/schedule-schema.js";
import { keySchema, triggerSchema } from "../domain/trigger/trigger-schema.js";
import { agentSchema, fetchSchema } from "../project/environment/declared-responses-schema.js";
import { parseDuration } from "../util/duration.js";
import { getKeys } from "../util/json.js";
import { once } from "../util/once.js";
import {
  expectationSchema,
  messageFilterFields,
  notEmptyList,
  notEmptyObject,
  timeSchema,
} from "./expectation-schema.js";

const MESSAGE = "is checked before the first action, so it can never fail";

/** Returns whether nothing that happened meets a rule. Invalid rules are reported elsewhere. */
function isMetByNothing(rule: unknown): boolean {
  try {
    return parseExpectation(String(rule)).check({ recipients: [], summary: summarizeOutcomes([]) }) === null;
  } catch {
    return false;
  }
}

const toList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Reports the parts of an expectation before the first action that are met because nothing has happened yet. */
function reportIdleExpectations(expected: unknown, report: ReportFinding): void {
  if (typeof expected !== "object" || expected === null) return;
  const isList = Array.isArray(expected);
  const { rules, messages, no_messages, no_runs } = (isList ? { rules: expected } : expected) as Record<
    string,
    unknown
  >;
  for (const [index, rule] of toList(rules).entries())
    if (isMetByNothing(rule)) report(isList ? [index] : ["rules", index], MESSAGE);
  for (const [index, entry] of toList(messages).entries())
    if ((entry as { count?: unknown } | null)?.count === 0) report(["messages", index], MESSAGE);
  if (no_messages === true || toList(no_messages).length > 0) report(["no_messages"], MESSAGE);
  if (toList(no_runs).length > 0) report(["no_runs"], MESSAGE);
}

/** The actions of a step, of which each step has at most one. */
const ACTIONS = {
  notify: () =>
    described(
      z.extend(triggerSchema(), {
        workflow: text("The key of the workflow. Default: the workflow of the file.", "invite"),
      }),
      "Triggers a workflow. The fields are those of a trigger payload.",
    ),
  schedule: () =>
    described(
      buildScheduleRequestSchema(text("The key of the workflow. Default: the workflow of the file.", "invite")),
      "Creates a schedule for each recipient. The fields are those of the API. Later steps that move the clock run it.",
    ),
  cancel: () =>
    described(
      unionByType("a cancellation key, or an object with it", {
        text: () => keySchema(),
        object: () =>
          z.strictObject({
            workflow: text("The key of the workflow. Default: the workflow of the file.", "invite"),
            cancellation_key: described(keySchema(), 'The cancellation key of the trigger, such as "invite-42".'),
            recipients: described(anyValue(), "The recipients whose runs are canceled. Default: all.", ["ada"]),
          }),
      }),
      "Cancels pending runs.",
    ),
  advance: () =>
    described(
      matchingText(
        (value) => value === "next" || parseDuration(value) !== undefined,
        'must be a duration such as "30m", or "next"',
      ),
      'Moves the clock by a duration such as "30m", or with "next" to the next due time, and runs the work that becomes due.',
    ),
  set_time: () => described(timeSchema(), 'Moves the clock to a later time, such as "2026-01-05T18:00:00Z".'),
  until_idle: () => described(z.literal(true), "Moves the clock until no work is pending."),
  recipients: () =>
    described(recipientsFileSchema(), "Identifies or changes recipients, as a file of recipients/ does."),
  preferences: () =>
    described(record(preferenceSetSchema()), "Replaces preferences, by recipient.", {
      ada: { channel_types: { email: false } },
    }),
  mark: () =>
    described(
      z.strictObject({
        ...messageFilterFields(),
        status: described(z.enum(ENGAGEMENT_ACTIONS), "The engagement status."),
      }),
      "Sets the engagement status of messages.",
    ),
  source_event: () =>
    described(
      z.strictObject({
        source: described(nonEmptyString(), 'The key of the source, such as "billing".'),
        body: described(anyValue(), "The body of the request.", { read: true }),
        headers: described(optional(record(z.string())), "The headers of the request.", { "x-request-id": "1" }),
      }),
      "Sends an event to a source.",
    ),
  event: () =>
    described(
      z.strictObject({
        source: described(nonEmptyString(), 'The key of the source, such as "billing".'),
        event: described(nonEmptyString(), 'The name of the event, such as "invoice.paid".'),
        user: text('The user whom the event is about, such as "ada".'),
        data: described(optional(anyObject()), "The data of the event.", { plan: "pro" }),
      }),
      "Delivers an event to runs that wait for it. The source's mappings are not applied; source_event applies them.",
    ),
  failures: () => described(z.array(faultBodySchema()), "Makes later deliveries of channels fail."),
  write: () =>
    described(record(z.string()), "Changes files of the project, by path below the folder of knock.json.", {
      "knock/partials/sign-off.md": "See you soon.",
    }),
} as const;
const ACTION_NAMES = getKeys(ACTIONS);

const MAX_REPETITIONS = 1_000;

export const stepSchema = once(() => {
  const actions = Object.fromEntries(Object.entries(ACTIONS).map(([name, build]) => [name, z.optional(build())])) as {
    [K in keyof typeof ACTIONS]: z.ZodMiniOptional<ReturnType<(typeof ACTIONS)[K]>>;
  };
  return z
    .strictObject({
      ...actions,
      repeat: described(
        optional(wholeNumber(1, MAX_REPETITIONS)),
        "How often the action is performed. expect checks the effects of all repetitions. Default: 1.",
        4,
      ),
      expect: described(
        z.optional(expectationSchema()),
        "The expected effects of the step. Without an action: the state so far.",
      ),
    })
    .check(
      rule((step, report) => {
        const used = ACTION_NAMES.filter((name) => step[name] !== undefined);
        if (used.length > 1) report([], `has several actions (${used.join(", ")}); use one step for each`);
        if (used.length > 0) return;
        if (step.repeat !== undefined)
          report(["repeat"], `needs an action (${ACTION_NAMES.join(", ")}) in the same step`);
        else if (step.expect === undefined) report([], `has neither an action (${ACTION_NAMES.join(", ")}) nor expect`);
      }),
    );
});

/** The schema of the state before a scenario's first step. */
export const givenSchema = once(() =>
  z.strictObject({
    time: described(
      optional(timeSchema()),
      "The time of the clock. Default: 2026-01-05T09:00:00Z, a Monday.",
      "2026-03-29T00:30:00Z",
    ),
    recipients: described(optional(recipientsFileSchema()), "Recipients besides those of recipients/."),
    preferences: described(optional(record(preferenceSetSchema())), "Preferences, by recipient.", {
      ada: { channel_types: { email: false } },
    }),
    variables: described(optional(anyObject()), "Variables that take precedence over environment.json.", {
      app_url: "https://staging.example.com",
    }),
    fetch: described(
      optional(fetchSchema()),
      "Responses to fetch steps, before those of environment.json. A step sends its request only if allow lists the URL here.",
    ),
    agent: described(
      optional(agentSchema()),
      "Replies to AI agent steps, before those of environment.json. A model is called only if url is set here.",
    ),
    failures: described(optional(z.array(faultBodySchema())), "Deliveries that fail."),
    branch: text('The branch of the project, such as "shorter-emails".'),
    environment: text("The name of a file in environments/.", "staging"),
  }),
);

export const scenarioSchema = once(() =>
  z
    .strictObject({
      given: described(z.optional(givenSchema()), "The state before the first step. Takes precedence over the file's."),
      each: described(
        z.optional(z.array(anyObject()).check(notEmptyList())),
        `Rows of a table. The scenario runs once per row, with $\{column} replaced by the value of the row.`,
        [{ plan: "free" }, { plan: "pro" }],
      ),
      skip: described(
        optional(nonEmptyString()),
        'Skips the scenario. The value is the reason, such as "the template is not final".',
      ),
      steps: described(z.array(stepSchema()).check(notEmptyList()), "The steps, in order."),
    })
    .check(
      rule(({ steps }, report) => {
        if (Array.isArray(steps) && steps.length > 0 && !steps.some((step) => step?.expect !== undefined))
          report(["steps"], "have no expectation, so the scenario can never fail");
        if (!Array.isArray(steps)) return;
        const first = steps.findIndex((step) => ACTION_NAMES.some((name) => step?.[name] !== undefined));
        const idle = first === -1 ? steps : steps.slice(0, first);
        for (const [index, step] of idle.entries())
          reportIdleExpectations(step?.expect, reportBelow(report, "steps", index, "expect"));
      }),
    ),
);

/** The schema of a file of scenarios, `*.test.yaml` or `*.test.json`. */
export const scenarioFileSchema = once(() =>
  described(
    z.strictObject({
      $schema: schemaReference(),
      workflow: text("The key of the workflow that notify and cancel steps use by default.", "new-comment"),
      given: described(z.optional(givenSchema()), "The state before the first step of every scenario."),
      scenarios: described(record(scenarioSchema()).check(notEmptyObject()), "Scenarios by name."),
    }),
    "Tests of notification workflows.",
  ),
);

export type Given = z.output<ReturnType<typeof givenSchema>>;
export type ScenarioStep = z.output<ReturnType<typeof stepSchema>>;
