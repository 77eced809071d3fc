import * as z from "zod/mini";
import { parseDuration } from "../../util/duration.js";
import { once } from "../../util/once.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import { ENGAGEMENT_ACTIONS } from "../message/message.js";
import { LIST_KNOWN_KEYS } from "../schema/describe-issue.js";
import { described, matchingString, optional, rule } from "../schema/fields.js";
import { unionByType } from "../schema/union-by-type.js";
import { isSnapshotName, SNAPSHOT_NAME_RULE } from "./snapshot-name.js";

// These are the bodies of test helpers under `/__knock/`. They reject unknown keys, because for example a reset with a
// misspelled `keep` could not be undone.

const time = () => matchingString((text) => parseTimestamp(text) !== undefined, "must be an ISO 8601 time");
const isDuration = (text: string): boolean => parseDuration(text) !== undefined;

/** The schema of a reset, with the data to keep. */
export const resetBodySchema = once(() =>
  z.strictObject(
    { keep: described(optional(z.array(z.enum(["recipients"]))), "The data to keep (default: none).") },
    LIST_KNOWN_KEYS,
  ),
);

const CLOCK_MOVES = ["advance", "set", "freeze", "reset"] as const;

/** The schema of a change of the clock. */
export const clockBodySchema = once(() =>
  z
    .strictObject(
      {
        advance: described(
          z.optional(
            matchingString(
              (text) => text === "next" || isDuration(text),
              'must be a duration, for example "1h30m", or "next"',
            ),
          ),
          'Move the clock forward by a duration such as "1h30m", or with "next" to the next due time.',
        ),
        set: described(z.optional(time()), 'Move the clock to a time such as "2030-06-04T10:00:00Z".'),
        freeze: described(
          z.optional(z.nullable(unionByType("true or an ISO 8601 time", { flag: () => z.literal(true), text: time }))),
          "Stop the clock now (true or null), or at a time.",
        ),
        reset: described(z.optional(z.literal(true)), "Return the clock to real time."),
        force: described(optional(z.boolean()), "Allow an earlier time (default: false)."),
      },
      LIST_KNOWN_KEYS,
    )
    .check(
      rule((body, report) => {
        if (CLOCK_MOVES.filter((name) => body[name] !== undefined).length !== 1)
          report([], "must have exactly one of advance, set, freeze and reset");
      }),
    ),
);

export type ClockBody = z.output<ReturnType<typeof clockBodySchema>>;

/** The schema of a request that waits until no work is due. */
export const idleBodySchema = once(() =>
  z.strictObject(
    {
      timeout: described(
        z.optional(matchingString(isDuration, 'must be a duration, for example "5s"')),
        "How long to wait (default: 5s).",
      ),
    },
    LIST_KNOWN_KEYS,
  ),
);

/** The errors of a delivery that fails without a status. */
const FAULT_ERRORS = ["timeout", "connection", "malformed", "bounced"] as const;

/** The schema of a fault, which makes deliveries of a channel fail. */
export const faultBodySchema = once(() => {
  const channel = "is required (a channel's key, ID or type)";
  const times = { error: "must be a whole number above 0" };
  const rate = { error: "must be a number above 0, and at most 1" };
  const status = { error: "must be a whole number from 400 to 599" };
  return z
    .strictObject(
      {
        channel: described(
          matchingString((text) => text !== "", channel),
          'The channel: a key such as "email", an ID or a type.',
        ),
        status: described(
          optional(z.int(status).check(z.gte(400, status), z.lte(599, status))),
          "The provider's status code. Either this or error is required.",
          503,
        ),
        error: described(optional(z.enum(FAULT_ERRORS)), "The error of a delivery without a status.", "timeout"),
        times: described(
          optional(z.int(times).check(z.gte(1, times))),
          "How many deliveries fail (default: 1, or all if rate is given).",
          3,
        ),
        rate: described(
          optional(z.number(rate).check(z.gt(0, rate), z.lte(1, rate))),
          "The share of deliveries that fail, above 0 and up to 1 (default: 1).",
          0.2,
        ),
        seed: described(
          optional(unionByType("a string or a number", { text: z.string, number: z.number })),
          "The seed that decides which deliveries fail. The same seed repeats them.",
          42,
        ),
      },
      LIST_KNOWN_KEYS,
    )
    .check(
      rule(({ status, error }, report) => {
        if (((status ?? null) === null) === ((error ?? null) === null))
          report(["status"], "or error is required, but not both");
      }),
    );
});

export type FaultBody = z.output<ReturnType<typeof faultBodySchema>>;
export type FaultError = NonNullable<FaultBody["error"]>;

/** The schema of a new snapshot. */
export const snapshotBodySchema = once(() =>
  z.strictObject(
    {
      name: described(
        matchingString(isSnapshotName, `is required, and must have ${SNAPSHOT_NAME_RULE}`),
        "The name of the snapshot.",
        "prepared",
      ),
      force: described(optional(z.boolean()), "Replace a snapshot with the same name (default: false)."),
    },
    LIST_KNOWN_KEYS,
  ),
);

/** The schema of a recipients file in a request. Its own parser checks the content. */
export const seedBodySchema = once(() =>
  z.looseObject({}).check(
    z.refine((body) => Object.keys(body).length > 0, {
      error: "must have at least one of users, objects, tenants, subscriptions and audiences",
    }),
  ),
);

/**
 * The parameters of the helper that lists messages. Unknown ones are errors, because a misspelled filter would match
 * every message.
 */
export const messagesQuerySchema = once(() => {
  const text = (description: string) => described(z.optional(z.string()), description);
  return z.strictObject(
    {
      recipient: text("Messages to this user ID or collection/id."),
      workflow: text("Messages of this workflow."),
      channel: text("Messages on this channel: a key or an ID."),
      workflow_run_id: text("Messages of this trigger."),
    },
    LIST_KNOWN_KEYS,
  );
});

export const emptyBodySchema = once(() => z.strictObject({}, LIST_KNOWN_KEYS));

/** The schema of an engagement action on the page. */
export const markBodySchema = once(() => z.strictObject({ status: z.enum(ENGAGEMENT_ACTIONS) }));
