import * as z from "zod/mini";
import { parseTimestamp } from "../domain/condition/parse-timestamp.js";
import { parseExpectation, STEP_OUTCOMES } from "../domain/run/expectation.js";
import { REASONS } from "../domain/run/reasons.js";
import {
  checkedString,
  described,
  matchingText,
  nonEmptyString,
  optional,
  record,
  rule,
  text,
  typeUnion,
  wholeNumber,
} from "../domain/schema/fields.js";
import { unionByType } from "../domain/schema/union-by-type.js";
import { getErrorMessage, KnockError } from "../errors/knock-error.js";
import { getKeys } from "../util/json.js";
import { once } from "../util/once.js";
import { parseContentPath } from "./content-path.js";
import { textMatcherSchema } from "./text-matcher.js";

/** The expected outcome of a step that the run has not reached. */
export const NOT_REACHED = "not_reached";

/** The schema of a time in ISO 8601. */
export const timeSchema = () =>
  matchingText((value) => parseTimestamp(value) !== undefined, "must be an ISO 8601 time");

/** The schema of an expectation that a trigger's counters or steps meet, in the language of `--expect`. */
const ruleSchema = () =>
  checkedString((value) => {
    try {
      parseExpectation(value);
    } catch (error) {
      const near = error instanceof KnockError ? /^Did you mean (".*"\?)$/.exec(error.hint ?? "")?.[1] : undefined;
      return `${getErrorMessage(error).replace(/^--expect: /, "")}${near === undefined ? "" : `; did you mean ${near}`}`;
    }
    return /^[a-z_-]+\s*>=\s*0$/.test(value.trim()) ? "is always true, so it can never fail" : null;
  });

/** The fields that select messages. */
export const messageFilterFields = () => ({
  to: text('The recipient: a user ID such as "ada", or "<collection>/<id>".'),
  channel: text('The channel\'s key or type, such as "email".'),
  step: text('The ref of the step, such as "email_1".'),
  workflow: text('The key of the workflow, such as "new-comment".'),
  tenant: text('The tenant\'s ID, such as "acme".'),
});

const messageFilterSchema = once(() => z.strictObject(messageFilterFields()));

const contentPathRule = () =>
  rule((paths, report) => {
    for (const path of Object.keys(paths))
      if (parseContentPath(path) === null)
        report([path], "is not a path such as blocks[0].rendered or $..rendered (slices and filters are unsupported)");
  });

const messageExpectationSchema = once(() =>
  z
    .strictObject({
      ...messageFilterFields(),
      count: described(optional(wholeNumber(0)), "The number of these messages. Default: at least one.", 2),
      status: described(optional(z.string()), 'The delivery status, such as "delivered" or "sandboxed".'),
      engagement: described(optional(z.string()), 'An engagement status, such as "seen".'),
      at: described(
        optional(timeSchema()),
        'The time at which the message was created, such as "2026-01-05T09:30:00Z".',
      ),
      subject: described(
        optional(textMatcherSchema()),
        "The subject of an email, or the title of a push message.",
        "Welcome, Ada",
      ),
      body: described(
        optional(textMatcherSchema()),
        "The text of the message, without HTML and without the action URL of an in-app message. Text of HTML and Markdown is one line; an email's own text part and an SMS keep their line breaks. Use content for an exact field.",
        {
          contains: "2 new followers",
        },
      ),
      html: described(
        optional(record(textMatcherSchema()).check(notEmptyObject())),
        "Texts of the elements that CSS selectors find in the HTML. A selector that finds nothing fails.",
        { h1: "Your order" },
      ),
      no_html: described(
        optional(z.array(nonEmptyString()).check(notEmptyList())),
        'CSS selectors that must find nothing in the HTML, such as ".upgrade".',
        [".upgrade"],
      ),
      content: described(
        optional(record(textMatcherSchema()).check(notEmptyObject(), contentPathRule())),
        "Values in the content, by path, such as blocks[0].rendered, or by JSONPath, such as $..rendered.",
        { "blocks[0].rendered": { contains: "Home" } },
      ),
      snapshot: described(
        optional(typeUnion("true or a name", [z.literal(true), nonEmptyString()])),
        "Compares the content with the stored snapshot. A name is needed if a step has several.",
        true,
      ),
    })
    .check(
      rule(({ count, ...rest }, report) => {
        if (
          count === 0 &&
          ["status", "engagement", "at", "subject", "body", "html", "no_html", "content", "snapshot"].some(
            (key) => rest[key] !== undefined,
          )
        )
          report(["count"], "is 0, so there is no message to compare; remove the other expectations");
      }),
    ),
);

const outcomeNameSchema = once(() => z.enum([...STEP_OUTCOMES, "canceled", NOT_REACHED]));

const stepOutcomeSchema = once(() =>
  unionByType("an outcome, or an object with an outcome", {
    text: outcomeNameSchema,
    object: () =>
      z
        .strictObject({
          outcome: described(
            optional(outcomeNameSchema()),
            "The outcome of the step, or the status of its message.",
            "skipped",
          ),
          reason: described(optional(z.enum([...getKeys(REASONS), "canceled"])), "The reason code.", "preference"),
          branch: text('The branch that a branch step took, such as "Default".'),
          until: described(
            optional(timeSchema()),
            'The time until which the step waits, such as "2026-01-05T09:30:00Z". A step that waits for an event has none.',
          ),
        })
        .check(
          rule((expected, report) => {
            if (Object.keys(expected).length === 0)
              report([], "must have at least one of outcome, reason, branch, until");
          }),
        ),
  }),
);

export const expectationSchema = once(() =>
  unionByType("a list of rules, or an object of expectations", {
    list: () => z.array(ruleSchema()).check(notEmptyList()),
    object: () =>
      z
        .strictObject({
          rules: described(
            optional(z.array(ruleSchema()).check(notEmptyList())),
            'Rules as in --expect, such as "sent=2".',
          ),
          outcomes: described(
            optional(record(record(stepOutcomeSchema()).check(notEmptyObject())).check(notEmptyObject())),
            "The outcomes of steps, by recipient and step ref; `not_reached` for a step that was not reached. If a recipient has several runs, the run that reached the step during this scenario step decides, otherwise the newest run. Runs that joined the batch of another run are only considered for what they did during this scenario step.",
          ),
          no_runs: described(
            optional(z.array(nonEmptyString()).check(notEmptyList())),
            'Recipients that have no run, such as "grace".',
          ),
          messages: described(
            optional(z.array(messageExpectationSchema()).check(notEmptyList())),
            "Messages that the step created, or that exist if the expectation is a step of its own. If several messages go to one recipient and channel, at least one must have the content, or as many as count says.",
          ),
          no_messages: described(
            optional(
              typeUnion("true or a list of filters", [
                z.literal(true),
                z.array(messageFilterSchema()).check(notEmptyList()),
              ]),
            ),
            "Messages that must not be created. true: none at all.",
          ),
          sequence: described(
            optional(z.array(messageFilterSchema()).check(notEmptyList())),
            "All messages in the order of their creation.",
          ),
          error: text('The error code with which the step must fail, such as "invalid_params".'),
          cancelled: described(optional(wholeNumber(0)), "The number of runs that a cancel step cancels.", 1),
          canceled: described(optional(wholeNumber(0)), "The same as `cancelled`.", 1),
          time: described(optional(timeSchema()), 'The time of the clock, such as "2026-01-05T09:30:00Z".'),
        })
        .check(
          rule((expected, report) => {
            if (Object.keys(expected).length === 0) report([], "expects nothing, so it can never fail");
          }),
        ),
  }),
);

export const notEmptyList = () =>
  z.check<unknown[]>(({ value, issues }) => {
    if (value.length === 0)
      issues.push({ code: "custom", message: "is empty, so it can never fail", input: value, continue: true });
  });

export const notEmptyObject = () =>
  z.check<Record<string, unknown>>(({ value, issues }) => {
    if (Object.keys(value).length === 0)
      issues.push({ code: "custom", message: "is empty, so it can never fail", input: value, continue: true });
  });

export type Expected = Exclude<z.output<ReturnType<typeof expectationSchema>>, string[]>;
export type MessageFilter = z.output<ReturnType<typeof messageFilterSchema>>;
export type MessageExpectation = z.output<ReturnType<typeof messageExpectationSchema>>;
export type StepOutcomeExpectation = z.output<ReturnType<typeof stepOutcomeSchema>>;
