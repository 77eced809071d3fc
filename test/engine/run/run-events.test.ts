import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { MINUTE } from "../../helpers/case-times.js";
import { withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

/** Returns the events of ana's runs, oldest run first, such as `step_skipped sms_1 {"reason":"…"}`. Events that failed end with `!`. */
async function readEvents(h: EngineHarness): Promise<string[][]> {
  const { items } = await h.store.listRecipientRuns({}, { limit: 20 });
  return items
    .filter(({ recipientRun }) => recipientRun.recipient === "$users/ana")
    .reverse()
    .map(({ recipientRun }) =>
      recipientRun.events.map(({ event, step_ref, data, status }) => {
        const text =
          data === null ? "" : ` ${JSON.stringify(data).replace(/("(?:message_id|key)":)"(?:\\.|[^"\\])*"/g, '$1"…"')}`;
        return `${event}${step_ref === null ? "" : ` ${step_ref}`}${text}${status === "error" ? " !" : ""}`;
      }),
    );
}

interface EventsCase {
  title: string;
  steps: JsonObject[];
  payloads?: JsonObject[];
  /** Moves time until here, so that waits end. */
  until?: number;
  /** A cancellation key that is canceled before time moves. */
  canceled?: string;
  given?: (h: EngineHarness) => unknown;
  events: string[][];
}

const batch = (settings: JsonObject = {}): JsonObject => ({
  ref: "batch_1",
  type: "batch",
  settings: { batch_window: { unit: "minutes", value: 5 }, ...settings },
});

const CASES: EventsCase[] = [
  {
    title: "of a step whose conditions fail",
    steps: [step.sms("M", { conditions: buildCondition("data.page", "equal_to", "Home") })],
    events: [
      [
        "run_started",
        'step_skipped sms_1 {"reason":"conditions_failed","detail":"data.page equal_to \\"Home\\" (was missing)","conditions":[{"variable":"data.page","operator":"equal_to","argument":"Home","value":null,"result":false}]}',
        "run_completed",
      ],
    ],
  },
  {
    title: "of a step that preferences stop",
    steps: [step.email()],
    given: (h) => h.identify({ id: "ana", preferences: { default: { channel_types: { email: false } } } }),
    events: [
      [
        "run_started",
        'step_skipped email_1 {"reason":"recipient_opted_out","detail":"channel_types.email = false","level":"channel_type","preference":{"set":"recipient","id":"default","path":"channel_types.email","value":false}}',
        "run_completed",
      ],
    ],
  },
  {
    title: "of a delay that the trigger skips",
    steps: [step.delay("minutes", 1)],
    payloads: [{ settings: { skip_delay: true } }],
    events: [
      ["run_started", 'step_skipped delay_1 {"reason":"delay_skipped_by_settings","detail":null}', "run_completed"],
    ],
  },
  {
    title: "of a step without an address",
    steps: [step.chat()],
    events: [
      [
        "run_started",
        'step_skipped chat_1 {"reason":"missing_recipient_data","detail":"no connection for the channel"}',
        "run_completed",
      ],
    ],
  },
  {
    title: "of a delay until an invalid time",
    steps: [step.delayUntil("data.until")],
    payloads: [{ data: { until: "soon" } }],
    events: [
      [
        "run_started",
        'step_skipped delay_1 {"reason":"invalid_window","detail":"data.until: \\"soon\\" is not a timestamp, duration or window rule, so the run continues at once"} !',
        "run_completed",
      ],
    ],
  },
  {
    title: "of a template that fails",
    steps: [step.sms("{{ 1 | divided_by: 0 }}")],
    events: [
      [
        "run_started",
        'step_retried sms_1 {"error":"steps[0].template.text_body, line 1, column 1: divided_by: cannot divide by 0"} !',
        'step_retried sms_1 {"error":"steps[0].template.text_body, line 1, column 1: divided_by: cannot divide by 0"} !',
        'step_failed sms_1 {"error":"steps[0].template.text_body, line 1, column 1: divided_by: cannot divide by 0"} !',
        "run_completed",
      ],
    ],
  },
  {
    title: "of a delay",
    steps: [step.delay("minutes", 1)],
    until: MINUTE,
    events: [
      [
        "run_started",
        'run_paused delay_1 {"until":"2025-06-04T10:01:00.000Z"}',
        "run_resumed delay_1",
        "step_completed delay_1",
        "run_completed",
      ],
    ],
  },
  {
    title: "of a branch",
    steps: [
      {
        ref: "branch_1",
        type: "branch",
        branches: [
          {
            name: "Yes",
            terminates: false,
            conditions: buildCondition("data.page", "equal_to", "Home"),
            steps: [step.sms("Y")],
          },
          { name: "No", terminates: false, steps: [step.sms("N", {}, "sms_2")] },
        ],
      },
    ],
    events: [
      [
        "run_started",
        'step_completed branch_1 {"branch":"No","conditions":[{"variable":"data.page","operator":"equal_to","argument":"Home","value":null,"result":false}]}',
        'message_enqueued sms_2 {"channel_type":"sms","message_id":"…"}',
        "step_completed sms_2",
        "run_completed",
      ],
    ],
  },
  {
    title: "of runs that open, join and close a batch",
    steps: [batch(), step.feed()],
    payloads: [{}, {}],
    until: 5 * MINUTE,
    events: [
      [
        "run_started",
        'batch_opened batch_1 {"key":"…"}',
        'run_paused batch_1 {"until":"2025-06-04T10:05:00.000Z"}',
        "run_resumed batch_1",
        'batch_closed batch_1 {"total_activities":2}',
        "step_completed batch_1",
        'message_enqueued in_app_feed_1 {"channel_type":"in_app_feed","message_id":"…"}',
        "step_completed in_app_feed_1",
        "run_completed",
      ],
      ["run_started", 'batch_joined batch_1 {"key":"…"}', 'run_halted batch_1 {"reason":"batched"}', "run_completed"],
    ],
  },
  {
    title: "of a run that leads a batch",
    steps: [batch({ batch_execution_mode: "flush_leading" }), step.feed()],
    payloads: [{}, {}, {}],
    until: 5 * MINUTE,
    events: [
      [
        "run_started",
        'batch_opened batch_1 {"key":"…","leading":true}',
        "step_completed batch_1",
        'message_enqueued in_app_feed_1 {"channel_type":"in_app_feed","message_id":"…"}',
        "step_completed in_app_feed_1",
        "run_completed",
      ],
      [
        "run_started",
        'batch_joined batch_1 {"key":"…"}',
        'run_paused batch_1 {"until":"2025-06-04T10:05:00.000Z"}',
        "run_resumed batch_1",
        'batch_closed batch_1 {"total_activities":2}',
        "step_completed batch_1",
        'message_enqueued in_app_feed_1 {"channel_type":"in_app_feed","message_id":"…"}',
        "step_completed in_app_feed_1",
        "run_completed",
      ],
      ["run_started", 'batch_joined batch_1 {"key":"…"}', 'run_halted batch_1 {"reason":"batched"}', "run_completed"],
    ],
  },
  {
    title: "of a run with its own trigger data, which a batch replaces, and of a canceled activity",
    steps: [batch(), step.feed()],
    payloads: [
      { recipients: [{ id: "ana", $trigger_data: { tags: ["a"] } }], data: { n: 1 } },
      { cancellation_key: "k" },
    ],
    until: 5 * MINUTE,
    canceled: "k",
    events: [
      [
        'run_started {"trigger_data":{"n":1,"tags":["a"]}}',
        'batch_opened batch_1 {"key":"…"}',
        'run_paused batch_1 {"until":"2025-06-04T10:05:00.000Z"}',
        "run_resumed batch_1",
        'batch_closed batch_1 {"total_activities":1}',
        "step_completed batch_1",
        'message_enqueued in_app_feed_1 {"channel_type":"in_app_feed","message_id":"…"}',
        "step_completed in_app_feed_1",
        "run_completed",
      ],
      [
        "run_started",
        'batch_joined batch_1 {"key":"…"}',
        'run_halted batch_1 {"reason":"batched"}',
        "run_completed",
        'batch_left batch_1 {"reason":"cancelled"}',
      ],
    ],
  },
  {
    title: "of a fetch step, with the response",
    steps: [
      {
        ref: "fetch_1",
        type: "http_fetch",
        settings: { method: "get", url: "https://lark.test/", response_path: "r" },
      },
    ],
    until: MINUTE,
    given: (h) => {
      h.respond = () => ({ status: 200, text: "[1, 2]" });
    },
    events: [
      [
        "run_started",
        'run_paused fetch_1 {"until":"2025-06-04T10:00:00.000Z"}',
        "run_resumed fetch_1",
        'step_completed fetch_1 {"status":200,"request":{"method":"GET","url":"https://lark.test/"},"response":{"body":[1,2]}}',
        "run_completed",
      ],
    ],
  },
  {
    title: "of a step that waited for an event in vain",
    steps: [
      {
        ref: "wait_1",
        type: "wait_for_event",
        settings: {
          event: { event_type: "integration_source", integration_source_key: "shop", event_key: "paid" },
          expires_after: { unit: "minutes", value: 1 },
          on_timeout: "halt",
        },
      },
    ],
    until: MINUTE,
    events: [
      [
        "run_started",
        'run_paused wait_1 {"until":"2025-06-04T10:01:00.000Z"}',
        "run_resumed wait_1",
        'run_halted wait_1 {"reason":"wait_expired","matched":false,"event":null}',
        'run_cancelled wait_1 {"reason":"wait_expired"}',
      ],
    ],
  },
];

describe("a run has the events", () => {
  it.each(CASES)("$title", ({ steps, payloads = [{}], until = 0, canceled, given, events }) =>
    withHarness(async (h) => {
      await given?.(h);
      h.define("digest", { steps });
      for (const payload of payloads) await h.trigger("digest", { recipients: ["ana"], ...payload });
      if (canceled !== undefined) await h.cancel("digest", canceled);
      await h.at(until);
      expect(await readEvents(h)).toEqual(events);
    }),
  );
});
