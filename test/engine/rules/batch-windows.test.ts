import { expect } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import {
  allRuns,
  BATCH_BODY,
  batch,
  batchedEmail,
  buildPayload,
  expectClose,
  hours,
  minutes,
  triggerAt,
  triggerDigest,
} from "../../helpers/batch-case.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE, SECOND, T0 } from "../../helpers/case-times.js";
import { describeEngineCases, type EngineCase, formatRuns, getRecipientOutcome } from "../../helpers/engine-case.js";

const at = (offset: number) => new Date(T0 + offset).toISOString();
const sliding = (window: JsonObject, limit: JsonObject, more: JsonObject = {}): JsonObject => ({
  batch_window: window,
  batch_window_type: "sliding",
  batch_window_extension_limit: limit,
  ...more,
});
const until = { batch_until_field_path: "data.until" };

/** Expects the run of the case to wait until the given offset. */
const waits = (offset: number) => ({ runs: { ana: `paused: batch_1 waiting ${at(offset).replace(".000Z", "Z")}` } });

const windows: EngineCase[] = [
  {
    title: "C-214 E-257 each trigger moves the close of a sliding window",
    workflow: batchedEmail(sliding(minutes(2), minutes(20))),
    payload: buildPayload(1),
    moments: [triggerAt(50 * SECOND, 2), ...expectClose(2 * MINUTE + 50 * SECOND, [], ["ana mail sent: 2 by 0: 1,2,"])],
  },
  {
    title: "C-215 E-257 a sliding window is not extended beyond its limit",
    workflow: batchedEmail(sliding(hours(4), hours(9))),
    payload: buildPayload(1),
    ...waits(4 * HOUR),
    moments: [
      triggerAt(3 * HOUR, 2, waits(7 * HOUR)),
      triggerAt(6 * HOUR, 3, waits(9 * HOUR)),
      triggerAt(8 * HOUR, 4, waits(9 * HOUR)),
      ...expectClose(9 * HOUR, [], ["ana mail sent: 4 by 0: 1,2,3,4,"]),
    ],
  },
  {
    title: "C-216 E-259 a trigger after the extension limit closes the batch at once",
    workflow: batchedEmail(sliding(hours(10), hours(6))),
    payload: buildPayload(1),
    moments: [
      { at: 9 * HOUR, ...waits(10 * HOUR), messages: [] },
      triggerAt(9 * HOUR, 2, { messages: ["ana mail sent: 2 by 0: 1,2,"] }),
    ],
  },
  {
    title: "C-217 E-259 the first join shortens a window that is longer than its limit",
    workflow: batchedEmail(sliding(hours(10), hours(6))),
    payload: buildPayload(1),
    moments: [triggerAt(2 * HOUR, 2, waits(6 * HOUR)), ...expectClose(6 * HOUR, [], ["ana mail sent: 2 by 0: 1,2,"])],
  },
  {
    title: "C-218 E-260 a full batch closes, and the next trigger opens another",
    workflow: batchedEmail({ batch_window: hours(1), batch_items_max_limit: 3 }),
    payload: buildPayload(1),
    moments: [
      triggerAt(MINUTE, 2),
      triggerAt(2 * MINUTE, 3, { messages: ["ana mail sent: 3 by 0: 1,2,3,"] }),
      triggerAt(3 * MINUTE, 4),
      ...expectClose(
        HOUR + 3 * MINUTE,
        ["ana mail sent: 3 by 0: 1,2,3,"],
        ["ana mail sent: 3 by 0: 1,2,3,", "ana mail sent: 1 by 0: 4,"],
      ),
    ],
  },
  {
    title: "E-260 E-279 a canceled activity does not count toward the item limit",
    workflow: batchedEmail({ batch_items_max_limit: 2 }),
    payload: buildPayload(1, {}, { cancellation_key: "ck1" }),
    moments: [
      { at: MINUTE, action: (h) => h.cancel("digest", "ck1") },
      triggerAt(2 * MINUTE, 2, { messages: [] }),
      triggerAt(3 * MINUTE, 3, { messages: ["ana mail sent: 2 by 0: 2,3,"] }),
    ],
  },
  ...[at(HOUR), hours(1)].map(
    (first): EngineCase => ({
      title: `C-219 E-254 the opener's time decides the window: ${JSON.stringify(first)}`,
      workflow: batchedEmail(until),
      payload: buildPayload(1, { until: first }),
      ...waits(HOUR),
      moments: [
        triggerAt(10 * MINUTE, 2, { data: { until: at(2 * HOUR) } }),
        ...expectClose(HOUR, [], ["ana mail sent: 2 by 0: 1,2,"]),
      ],
    }),
  ),
  {
    title: "E-254 EQ-42 a trigger without a time joins the open batch",
    workflow: batchedEmail(until),
    payload: buildPayload(1, { until: at(HOUR) }),
    moments: [triggerAt(10 * MINUTE, 2), ...expectClose(HOUR, [], ["ana mail sent: 2 by 0: 1,2,"])],
  },
  {
    title: "C-220 E-256 a missing time skips the batch",
    workflow: batchedEmail(until),
    payload: buildPayload(1),
    runs: { ana: "completed: batch_1 skipped invalid_window, email_1 sent" },
    messages: ["ana mail sent: 1 by 0: 1,"],
    async check(h, outcome) {
      const run = await h.engine.readRecipientRun(getRecipientOutcome(outcome, "ana").recipient_run_id as string);
      expect(run).toMatchObject({ error_count: 1 });
      expect(run?.events).toContainEqual(
        expect.objectContaining({
          event: "step_skipped",
          status: "error",
          data: { reason: "invalid_window", detail: "data.until: the value is missing" },
        }),
      );
    },
    moments: [triggerAt(MINUTE, 2, { messages: ["ana mail sent: 1 by 0: 1,", "ana mail sent: 1 by 0: 2,"] })],
  },
  ...["soon", at(-HOUR)].map(
    (time): EngineCase => ({
      title: `E-256 a time of ${time} skips the batch`,
      workflow: batchedEmail(until),
      payload: buildPayload(1, { until: time }),
      runs: { ana: "completed: batch_1 skipped invalid_window, email_1 sent" },
      messages: ["ana mail sent: 1 by 0: 1,"],
      async check(h, outcome) {
        const run = await h.engine.readRecipientRun(getRecipientOutcome(outcome, "ana").recipient_run_id as string);
        expect(run).toMatchObject({ error_count: 1 });
      },
    }),
  ),
  {
    title: "E-256 a run that skips a batch continues to the next batch",
    workflow: [batch(until), batch({}, "batch_2"), step.email("S", BATCH_BODY)],
    payload: buildPayload(1),
    runs: { ana: "paused: batch_1 skipped invalid_window, batch_2 waiting 2025-06-04T10:05:00Z" },
    moments: [triggerAt(MINUTE, 2), ...expectClose(5 * MINUTE, [], ["ana mail sent: 2 by 0: 1,2,"])],
  },
  {
    title: "C-221 E-255 a batch closes half an hour before the time in the data",
    workflow: batchedEmail({ batch_until_field_path: "data.meet", batch_window: minutes(-30) }),
    payload: buildPayload(1, { meet: at(2 * HOUR) }),
    moments: expectClose(90 * MINUTE, [], ["ana mail sent: 1 by 0: 1,"]),
  },
  {
    title: "C-245 E-258 EQ-42 each join extends the batch by its own window",
    workflow: batchedEmail({ ...until, batch_window_type: "sliding", batch_window_extension_limit: hours(1) }),
    payload: buildPayload(1, { until: minutes(5) }),
    ...waits(5 * MINUTE),
    moments: [
      triggerAt(2 * MINUTE, 2, { data: { until: minutes(10) }, ...waits(12 * MINUTE) }),
      triggerAt(3 * MINUTE, 3, { data: { until: "soon" }, ...waits(12 * MINUTE) }),
      ...expectClose(12 * MINUTE, [], ["ana mail sent: 3 by 0: 1,2,3,"]),
    ],
  },
  {
    title: "E-257 EQ-42 a window relative to a time does not slide",
    workflow: batchedEmail({
      batch_until_field_path: "data.meet",
      batch_window: minutes(-30),
      batch_window_type: "sliding",
      batch_window_extension_limit: hours(9),
    }),
    payload: buildPayload(1, { meet: at(2 * HOUR) }),
    moments: [
      triggerAt(MINUTE, 2, { data: { meet: at(3 * HOUR) } }),
      ...expectClose(90 * MINUTE, [], ["ana mail sent: 2 by 0: 1,2,"]),
    ],
  },
];

describeEngineCases("M. Batch windows", windows);

const LEADING = { batch_execution_mode: "flush_leading" };

/** Prints the actor of the run that continues. */
const LED = `{{ actor.id }} ${BATCH_BODY}`;

const leading: EngineCase[] = [
  {
    title:
      "C-226 E-264 E-265 the first activity is sent at once, and the others at the close by the second activity's run",
    workflow: batchedEmail(LEADING, LED),
    payload: buildPayload(1, {}, { actor: "eli" }),
    runs: { ana: "completed: batch_1 passed, email_1 sent" },
    messages: ["ana mail sent: eli 1 by 1: 1,"],
    moments: [
      triggerAt(MINUTE, 2, { over: { actor: "fay" } }),
      triggerAt(2 * MINUTE, 3, { over: { actor: "bo" } }),
      ...expectClose(
        5 * MINUTE,
        ["ana mail sent: eli 1 by 1: 1,"],
        ["ana mail sent: eli 1 by 1: 1,", "ana mail sent: fay 2 by 2: 2,3,"],
        {
          async check(h) {
            expect(await allRuns(h)).toEqual([
              "completed: batch_1 passed, email_1 sent",
              "completed: batch_1 passed, email_1 sent",
              "completed: batch_1 halted batched",
            ]);
          },
        },
      ),
    ],
  },
  {
    title: "E-265 the second activity waits for the end of the first one's window",
    workflow: batchedEmail(LEADING),
    payload: buildPayload(1),
    moments: [
      {
        at: MINUTE,
        async action(h) {
          expect(formatRuns(await triggerDigest(2)(h))).toEqual({
            ana: "paused: batch_1 waiting 2025-06-04T10:05:00Z",
          });
        },
      },
    ],
  },
  {
    title: "C-227 E-266 nothing else is sent without a second activity",
    workflow: batchedEmail(LEADING),
    payload: buildPayload(1),
    messages: ["ana mail sent: 1 by 0: 1,"],
    moments: [
      { at: 6 * MINUTE, messages: ["ana mail sent: 1 by 0: 1,"] },
      triggerAt(7 * MINUTE, 2, { messages: ["ana mail sent: 1 by 0: 1,", "ana mail sent: 1 by 0: 2,"] }),
    ],
  },
  {
    title: "E-264 EQ-44 the leading activity does not count toward the item limit",
    workflow: batchedEmail({ ...LEADING, batch_items_max_limit: 2 }),
    payload: buildPayload(1),
    moments: [
      triggerAt(MINUTE, 2, { messages: ["ana mail sent: 1 by 0: 1,"] }),
      triggerAt(2 * MINUTE, 3, { messages: ["ana mail sent: 1 by 0: 1,", "ana mail sent: 2 by 0: 2,3,"] }),
    ],
  },
  {
    title: "E-264 the leading activity continues to a second batch",
    workflow: [batch(LEADING), batch({ batch_window: minutes(8) }, "batch_2"), step.email("S", BATCH_BODY)],
    payload: buildPayload(1),
    runs: { ana: "paused: batch_1 passed, batch_2 waiting 2025-06-04T10:08:00Z" },
    moments: [
      triggerAt(MINUTE, 2), // leaves the first batch at +5m and joins the second
      ...expectClose(8 * MINUTE, [], ["ana mail sent: 2 by 0: 1,2,"]),
    ],
  },
  {
    title: "E-264 a leading batch after another batch leads with one activity",
    workflow: [
      batch(),
      batch({ ...LEADING, batch_key: "page" }, "batch_2"),
      step.sms(BATCH_BODY),
      step.delay("minutes", 1),
      step.email("S", BATCH_BODY),
    ],
    payload: buildPayload(1),
    moments: [
      triggerAt(MINUTE, 2),
      { at: 6 * MINUTE, messages: ["ana text sent: 1 by 0: 2,", "ana mail sent: 1 by 0: 2,"] },
    ],
  },
  {
    title: "E-264 E-292 a run that does not lead asks the throttle after the batch only at the close",
    workflow: [
      batch(LEADING),
      { ref: "throttle_1", type: "throttle", settings: { throttle_limit: 1, throttle_window: minutes(4) } },
      step.email("S", BATCH_BODY),
    ],
    payload: buildPayload(1),
    runs: { ana: "completed: batch_1 passed, throttle_1 passed, email_1 sent" },
    messages: ["ana mail sent: 1 by 0: 1,"],
    moments: [
      triggerAt(MINUTE, 2),
      { at: 5 * MINUTE, messages: ["ana mail sent: 1 by 0: 1,", "ana mail sent: 1 by 0: 2,"] },
    ],
  },
  {
    title: "EQ-44 the third activity's run continues if the second activity is canceled",
    workflow: batchedEmail(LEADING, LED),
    payload: buildPayload(1, {}, { actor: "eli" }),
    moments: [
      triggerAt(MINUTE, 2, { over: { actor: "fay", cancellation_key: "ck2" } }),
      triggerAt(2 * MINUTE, 3, { over: { actor: "bo", cancellation_key: "ck3" } }),
      triggerAt(2 * MINUTE, 4, { over: { actor: "dee" } }),
      { at: 3 * MINUTE, action: (h) => h.cancel("digest", "ck2") },
      ...expectClose(
        5 * MINUTE,
        ["ana mail sent: eli 1 by 1: 1,"],
        ["ana mail sent: eli 1 by 1: 1,", "ana mail sent: bo 2 by 2: 3,4,"],
      ),
    ],
  },
  {
    title: "EQ-44 E-281 canceling the second activity sends nothing, and the third activity holds the batch",
    workflow: batchedEmail(LEADING),
    payload: buildPayload(1),
    moments: [
      triggerAt(MINUTE, 2, { over: { cancellation_key: "ck2" } }),
      { at: 2 * MINUTE, action: (h) => h.cancel("digest", "ck2") },
      triggerAt(3 * MINUTE, 3, { messages: ["ana mail sent: 1 by 0: 1,"] }),
      ...expectClose(
        5 * MINUTE,
        ["ana mail sent: 1 by 0: 1,"],
        ["ana mail sent: 1 by 0: 1,", "ana mail sent: 1 by 0: 3,"],
      ),
    ],
  },
  {
    title: "EQ-44 E-353 one key cancels all waiting activities",
    workflow: batchedEmail(LEADING),
    payload: buildPayload(1),
    moments: [
      triggerAt(MINUTE, 2, { over: { cancellation_key: "ck" } }),
      triggerAt(2 * MINUTE, 3, { over: { cancellation_key: "ck" } }),
      {
        at: 3 * MINUTE,
        async action(h) {
          expect((await h.cancel("digest", "ck")).summary).toEqual({
            cancelled: 2,
            not_cancellable: 0,
            unfinished_triggers: 0,
          });
          expect((await h.cancel("digest", "ck")).summary).toEqual({
            cancelled: 0,
            not_cancellable: 2,
            unfinished_triggers: 0,
          });
        },
      },
      { at: HOUR, messages: ["ana mail sent: 1 by 0: 1,"] },
    ],
  },
];

describeEngineCases("M. Batch, flush_leading", leading);

const key = (n: number) => ({ over: { cancellation_key: `ck${n}` } });
const three = [triggerAt(MINUTE, 2, key(2)), triggerAt(2 * MINUTE, 3, key(3))];

const cancelled: EngineCase[] = [
  {
    title: "C-228 E-279 E-361 a canceled activity leaves the batch",
    workflow: batchedEmail(),
    payload: buildPayload(1, {}, { cancellation_key: "ck1" }),
    moments: [
      ...three,
      {
        at: 3 * MINUTE,
        async action(h) {
          expect((await h.cancel("digest", "ck2")).summary).toEqual({
            cancelled: 1,
            not_cancellable: 0,
            unfinished_triggers: 0,
          });
        },
      },
      ...expectClose(5 * MINUTE, [], ["ana mail sent: 2 by 0: 1,3,"]),
    ],
  },
  {
    title: "C-229 E-280 canceling the opener keeps the window",
    workflow: batchedEmail(),
    payload: buildPayload(1, {}, { cancellation_key: "ck1" }),
    moments: [
      triggerAt(MINUTE, 2, key(2)),
      { at: 90 * SECOND, action: (h) => h.cancel("digest", "ck1"), ...waits(5 * MINUTE) },
      triggerAt(2 * MINUTE, 3, key(3)),
      ...expectClose(5 * MINUTE, [], ["ana mail sent: 2 by 0: 2,3,"]),
    ],
  },
  {
    title: "C-229 E-280 E-357 a run whose activity is canceled twice continues",
    workflow: batchedEmail(),
    payload: buildPayload(1, {}, { cancellation_key: "ck1" }),
    moments: [
      triggerAt(MINUTE, 2, key(2)),
      {
        at: 2 * MINUTE,
        async action(h) {
          await h.cancel("digest", "ck1");
          expect((await h.cancel("digest", "ck1")).recipients).toMatchObject([
            { outcome: "not_cancellable", reason: { code: "cancelled" } },
          ]);
        },
        ...waits(5 * MINUTE),
      },
      ...expectClose(5 * MINUTE, [], ["ana mail sent: 1 by 0: 2,"]),
    ],
  },
  {
    title: "C-230 E-281 E-193 a run whose activities are all canceled continues without a message",
    workflow: [batch(), step.delay("minutes", 1), step.email("S", BATCH_BODY)],
    payload: buildPayload(1, {}, { cancellation_key: "ck1" }),
    moments: [
      ...three,
      {
        at: 3 * MINUTE,
        async action(h) {
          for (const n of [1, 2, 3]) await h.cancel("digest", `ck${n}`);
        },
      },
      {
        at: 6 * MINUTE,
        runs: { ana: "completed: batch_1 passed, delay_1 passed, email_1 skipped empty_batch" },
        messages: [],
      },
    ],
  },
  {
    title: "C-231 E-282 the key of a joined trigger has no effect after the close",
    workflow: [batch(), step.delay("hours", 1), step.email("S", BATCH_BODY)],
    payload: buildPayload(1, {}, { cancellation_key: "ck1" }),
    moments: [
      triggerAt(MINUTE, 2, key(2)),
      {
        at: 10 * MINUTE,
        async action(h) {
          expect((await h.cancel("digest", "ck2")).recipients).toMatchObject([
            { outcome: "not_cancellable", reason: { code: "finished" } },
          ]);
        },
      },
      ...expectClose(65 * MINUTE, [], ["ana mail sent: 2 by 0: 1,2,"]),
    ],
  },
  {
    title: "C-231 E-282 the opener's key ends the run after the close, also if it was used before",
    workflow: [batch(), step.delay("hours", 1), step.email("S", BATCH_BODY)],
    payload: buildPayload(1, {}, { cancellation_key: "ck1" }),
    moments: [
      triggerAt(MINUTE, 2, key(2)),
      { at: 2 * MINUTE, action: (h) => h.cancel("digest", "ck1") },
      {
        at: 10 * MINUTE,
        action: (h) => h.cancel("digest", "ck1"),
        runs: { ana: "cancelled: batch_1 passed, delay_1 cancelled cancelled" },
      },
      { at: 2 * HOUR, messages: [] },
    ],
  },
];

describeEngineCases("M. Batch, cancelled", cancelled);
