import fc from "fast-check";
import { parseTimedTrigger } from "../../../../src/comparison/parse-timed-trigger.js";
import { parsePreferenceSet } from "../../../../src/domain/preferences/parse-preference-set.js";
import { toRecipientKey } from "../../../../src/domain/recipient/recipient.js";
import { parseChannelData } from "../../../../src/domain/request/parse-channel-data.js";
import { parseRecipientBody } from "../../../../src/domain/request/parse-recipient-body.js";
import { parseMembersBody, parseSubscriptionsBody } from "../../../../src/domain/request/parse-recipient-list.js";
import { parseScheduleChange, parseScheduleRequest } from "../../../../src/domain/trigger/parse-schedule.js";
import { parseCancellation, parseTrigger } from "../../../../src/domain/trigger/parse-trigger.js";
import type { Json } from "../../../../src/util/json.js";
import { hasParent } from "../../../helpers/catch-error.js";
import { arbitraryMutation } from "../../../helpers/json-arbitraries.js";
import { ErrorChecker, type FuzzTarget } from "../fuzz-target.js";
import { hostileValue } from "../hostile-values.js";
import { PREFERENCES, SCHEDULE, TRIGGER, USER } from "../request-samples.js";

/** Each kind of request body: a valid sample, its parser, and the parsed value's own input, if it can be sent again. */
const BODIES: Record<string, { sample: Json; parse(body: unknown): unknown }> = {
  trigger: {
    sample: TRIGGER,
    parse(body) {
      const { trigger } = parseTrigger(body, "hello");
      // The payload that is sent to the API has the same meaning.
      const again = parseTrigger(trigger.payload, "hello").trigger;
      if (JSON.stringify(again) !== JSON.stringify(trigger)) throw new Error("the sent payload has another meaning");
    },
  },
  timed: {
    sample: { ...TRIGGER, workflow: "hello", at: "2026-11-27T10:00:00Z" },
    parse: (body) => parseTimedTrigger(body, "the line"),
  },
  cancellation: {
    sample: { cancellation_key: "k", recipients: ["ada"] },
    parse: (body) => parseCancellation(body, "hello"),
  },
  preferences: {
    sample: PREFERENCES,
    parse(body) {
      const { set } = parsePreferenceSet(body);
      if (JSON.stringify(parsePreferenceSet(set).set) !== JSON.stringify(set))
        throw new Error("parsed again, the set differs");
    },
  },
  schedule: { sample: SCHEDULE, parse: (body) => parseScheduleRequest(body) },
  schedule_change: { sample: { ...SCHEDULE, schedule_ids: ["a"] }, parse: (body) => parseScheduleChange(body) },
  user: {
    sample: USER,
    parse: (body) => parseRecipientBody(body, toRecipientKey("ada")),
  },
  subscriptions: {
    sample: { recipients: ["ada"], properties: { a: 1 } },
    parse: (body) => parseSubscriptionsBody(body),
  },
  members: { sample: { members: [{ user: { id: "ada" }, tenant: "acme" }] }, parse: (body) => parseMembersBody(body) },
  push: {
    sample: { data: { tokens: ["a"], devices: [{ token: "b", locale: "de", timezone: "UTC" }] } },
    parse: (body) => parseChannelData(body, "push"),
  },
  chat: {
    sample: {
      data: {
        connections: [{ access_token: "x", channel_id: "C1" }, { incoming_webhook: { url: "https://lark.test/" } }],
      },
    },
    parse: (body) => parseChannelData(body, "chat"),
  },
};

const KEYS = [
  "id",
  "collection",
  "channel_data",
  "preferences",
  "$trigger_data",
  "conditions",
  "recipients",
  "object",
  "email",
];

interface PayloadInput {
  kind: string;
  body: Json;
}

const inputs = fc.oneof(
  ...Object.entries(BODIES).map(([kind, { sample }]): fc.Arbitrary<PayloadInput> => {
    const value = hostileValue(...KEYS);
    const body = fc.oneof({ weight: 9, arbitrary: arbitraryMutation(sample, value) }, { weight: 1, arbitrary: value });
    return body.map((json) => ({ kind, body: json }));
  }),
);

/** Triggers, cancellations, schedules, recipients, preference sets and channel data. */
export const payloadsTarget: FuzzTarget<PayloadInput> = {
  name: "payloads",
  runs: 150_000,
  shortRuns: 800,
  inputs,
  async open() {
    const errors: ErrorChecker = await ErrorChecker.open();
    return {
      check({ kind, body }) {
        const before = JSON.stringify(body);
        try {
          (BODIES[kind] as { parse(body: unknown): unknown }).parse(body);
        } catch (error) {
          errors.check(error);
          if (!["invalid_params", "usage"].includes(error.code)) throw error;
          for (const { pointer } of error.details)
            if (!pointer.endsWith("…") && !hasParent(body, pointer)) throw new Error(`${pointer} is not in the body`);
        }
        if (JSON.stringify(body) !== before) throw new Error("the body was changed");
      },
    };
  },
};
