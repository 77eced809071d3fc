import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import { recipientSchema, tenantSchema } from "../request/recipient-schema.js";
import { anyObject, anyValue, described, optional, rule, wholeNumber } from "../schema/fields.js";
import { boundedList } from "../schema/lists.js";
import { unionByType } from "../schema/union-by-type.js";
import { REPEAT_DAY_GROUPS, REPEAT_DAYS, REPEAT_FREQUENCIES } from "./schedule.js";

/** Limits the recipients of one request, and the schedules of one change or deletion (E-378). */
const MAX_SCHEDULES = 100;
/** Limits the schedules of one bulk request (E-378). */
const MAX_BULK_SCHEDULES = 1_000;
const MAX_RULES = 100;

const time = () =>
  z.unknown().check(
    z.refine((value) => value === undefined || value === null || parseTimestamp(value) !== undefined, {
      error: ({ input }) => `must be an ISO 8601 time, found ${JSON.stringify(input)}`,
    }),
  );

/** The schema of a recurring schedule's rules (A-504, E-370). */
const repeatsSchema = once(() => {
  const days = `a list of ${REPEAT_DAYS.join(", ")}, or "weekdays" or "weekends"`;
  const repeatRule = z.strictObject({
    __typename: anyValue(),
    frequency: z.enum(REPEAT_FREQUENCIES),
    interval: optional(wholeNumber(1, 10_000)),
    day_of_month: optional(wholeNumber(1, 31)),
    days: optional(
      unionByType(days, {
        text: () =>
          z.enum(REPEAT_DAY_GROUPS, { error: ({ input }) => `must be ${days}, found ${JSON.stringify(input)}` }),
        list: () => z.array(z.enum(REPEAT_DAYS)),
      }),
    ),
    hours: optional(wholeNumber(0, 23)),
    minutes: optional(
      wholeNumber(0, 59).check(
        z.refine((minutes) => minutes % 5 === 0, {
          error: ({ input }) => `must be a multiple of 5, found ${String(input)}`,
        }),
      ),
    ),
  });
  return boundedList(repeatRule, { max: MAX_RULES, noun: "rules" });
});

/** Returns the fields that all requests about schedules share. */
const sharedFields = () => ({
  actor: described(optional(recipientSchema()), "The recipient who caused the runs.", "grace"),
  tenant: described(optional(tenantSchema()), "The tenant of the runs.", "acme"),
  data: described(optional(anyObject()), "The data of each run's trigger.", { report: "weekly" }),
  repeats: described(
    optional(repeatsSchema()),
    'The rules of a recurring schedule, such as { "frequency": "daily", "hours": 9 }, in the time zone of the recipient.',
    [{ frequency: "daily", hours: 9 }],
  ),
  scheduled_at: described(z.optional(time()), 'The time of the first run, such as "2026-01-05T18:00:00Z".'),
  ending_at: described(z.optional(time()), "The time after which no run starts.", "2026-12-31T00:00:00Z"),
});

const RECIPIENTS = "The recipients, who each get a schedule: user IDs, objects and inline recipients.";

/** Returns the schema of the workflow of a schedule. */
export const workflowKeySchema = () => nonEmptyText("a workflow key");

const creationFields = () => ({ workflow: workflowKeySchema(), ...sharedFields() });

/** Checks that a schedule has a time or a rule (AC-243). */
const occurrenceRule = rule(({ repeats, scheduled_at }, report) => {
  const isRepeated = Array.isArray(repeats) ? repeats.length > 0 : (repeats ?? null) !== null;
  if (!isRepeated && (scheduled_at ?? null) === null) report(["scheduled_at"], "is required without repeats");
});

function nonEmptyText(expected: string) {
  const error = ({ input }: { input?: unknown }): string =>
    input === undefined ? `is required (${expected})` : `must be ${expected}`;
  return z.string({ error }).check(z.minLength(1, { error }));
}

const scheduleIds = () =>
  boundedList(nonEmptyText("a schedule's id"), {
    max: MAX_SCHEDULES,
    noun: "ids",
    emptyMessage: "must have at least one of ids",
  });

/** Returns the schema of a create body, with the given schema of its workflow and additional fields. */
export const buildScheduleRequestSchema = <W extends z.ZodMiniType, F extends z.core.$ZodShape = Record<never, never>>(
  workflow: W,
  additionalFields?: F,
) => {
  const { workflow: _, ...fields } = creationFields();
  const limits = { max: MAX_SCHEDULES, noun: "recipients", emptyMessage: "must have at least one of recipients" };
  return z
    .strictObject({
      ...(additionalFields as F),
      workflow,
      recipients: described(boundedList(recipientSchema(), limits), RECIPIENTS, ["ada"]),
      ...fields,
    })
    .check(occurrenceRule);
};

export const scheduleRequestSchema = once(() => buildScheduleRequestSchema(creationFields().workflow));

/** The schema of a bulk create body, whose schedules have one recipient each. */
export const bulkScheduleRequestSchema = once(() => {
  const { workflow, ...fields } = creationFields();
  const schedule = z.strictObject({ workflow, recipient: recipientSchema(), ...fields }).check(occurrenceRule);
  const limits = { max: MAX_BULK_SCHEDULES, noun: "schedules", emptyMessage: "must have at least one of schedules" };
  return z.strictObject({ schedules: boundedList(schedule, limits) });
});

/** The schema of an update body. */
export const scheduleChangeSchema = once(() => z.strictObject({ schedule_ids: scheduleIds(), ...sharedFields() }));

/** The schema of a delete body. */
export const scheduleIdsSchema = once(() => z.strictObject({ schedule_ids: scheduleIds() }));
