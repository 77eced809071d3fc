import * as z from "zod/mini";
import { parseDuration } from "../../util/duration.js";
import { once } from "../../util/once.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import { ENGAGEMENT_ACTIONS } from "../message/message.js";
import { LIST_KNOWN_KEYS } from "../schema/describe-issue.js";
import { matchingString, optional, rule } from "../schema/fields.js";
import { unionByType } from "../schema/union-by-type.js";

// These are the bodies of test helpers under `/__knock/`. They reject unknown keys, because for example a reset with a
// misspelled `keep` could not be undone.

const time = () => matchingString((text) => parseTimestamp(text) !== undefined, "must be an ISO 8601 time");
const isDuration = (text: string): boolean => parseDuration(text) !== undefined;

/** The schema of a reset, with the data to keep. */
export const resetBodySchema = once(() =>
  z.strictObject({ keep: optional(z.array(z.enum(["recipients"]))) }, LIST_KNOWN_KEYS),
);

const CLOCK_MOVES = ["advance", "set", "freeze", "reset"] as const;

/** The schema of a change of the clock (section 6 of the contract). */
export const clockBodySchema = once(() =>
  z
    .strictObject(
      {
        advance: z.optional(
          matchingString(
            (text) => text === "next" || isDuration(text),
            'must be a duration, for example "1h30m", or "next"',
          ),
        ),
        set: z.optional(time()),
        freeze: z.optional(
          z.nullable(unionByType("true or an ISO 8601 time", { flag: () => z.literal(true), text: time })),
        ),
        reset: z.optional(z.literal(true)),
        force: optional(z.boolean()),
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
    { timeout: z.optional(matchingString(isDuration, 'must be a duration, for example "5s"')) },
    LIST_KNOWN_KEYS,
  ),
);

/** The errors of a delivery that fails without a status. */
const FAULT_ERRORS = ["timeout", "connection", "malformed", "bounced"] as const;

/** The schema of a fault, which makes deliveries of a channel fail (section 6 of the contract). */
export const faultBodySchema = once(() => {
  const channel = "is required (a channel's key, ID or type)";
  const times = { error: "must be a whole number above 0" };
  const rate = { error: "must be a number above 0, and at most 1" };
  const status = { error: "must be a whole number from 400 to 599" };
  return z
    .strictObject(
      {
        channel: matchingString((text) => text !== "", channel),
        status: optional(z.int(status).check(z.gte(400, status), z.lte(599, status))),
        error: optional(z.enum(FAULT_ERRORS)),
        times: optional(z.int(times).check(z.gte(1, times))),
        rate: optional(z.number(rate).check(z.gt(0, rate), z.lte(1, rate))),
        seed: optional(unionByType("a string or a number", { text: z.string, number: z.number })),
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
  const text = z.optional(z.string());
  return z.strictObject({ recipient: text, workflow: text, channel: text, workflow_run_id: text }, LIST_KNOWN_KEYS);
});

export const emptyBodySchema = once(() => z.strictObject({}, LIST_KNOWN_KEYS));

/** The schema of an engagement action on the page. */
export const markBodySchema = once(() => z.strictObject({ status: z.enum(ENGAGEMENT_ACTIONS) }));
