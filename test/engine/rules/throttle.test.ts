import { expect } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { buildPayload, hours, triggerAt } from "../../helpers/batch-case.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE, SECOND, T0 } from "../../helpers/case-times.js";
import {
  describeEngineCases,
  type EngineCase,
  formatRun,
  formatRuns,
  getRecipientOutcome,
} from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

function throttle(settings: JsonObject = {}): JsonObject {
  const window: JsonObject = settings.throttle_window_field_path === undefined ? { throttle_window: hours(1) } : {};
  return { ref: "throttle_1", type: "throttle", settings: { ...window, ...settings } };
}

/** Returns a throttle for runs whose data contains its ref. */
const throttleAt = (ref: string): JsonObject => ({
  ...throttle(),
  ref,
  conditions: buildCondition("data.at", "equal_to", ref),
});

/** Returns `throttle → email(mail)`; the text is the trigger's number. */
const throttled = (settings: JsonObject = {}) => [throttle(settings), step.email("S", "{{ data.n }}")];

const sent = (...numbers: number[]) => numbers.map((n) => `ana mail sent: ${n}`);
const PASSED = "completed: throttle_1 passed, email_1 sent";
const STOPPED = "completed: throttle_1 halted throttled";
const UNCHECKED = "completed: throttle_1 skipped invalid_window, email_1 sent";

/** Returns the newest run in words, and its events of the throttle. */
async function newest(h: EngineHarness) {
  const { items } = await h.store.listRecipientRuns({}, { limit: 1 });
  const [{ run, recipientRun }] = items as [(typeof items)[number]];
  const outcome = await h.engine.readWorkflowRun(run.id);
  return {
    words: Object.values(formatRuns(outcome as NonNullable<typeof outcome>))[0],
    errors: recipientRun.error_count,
    events: recipientRun.events.filter(({ step_ref }) => step_ref === "throttle_1"),
  };
}

const cases: EngineCase[] = [
  {
    title: "C-246 E-284 E-287 EQ-45 a throttle of one per hour stops the second run",
    workflow: throttled(),
    payload: buildPayload(1),
    runs: { ana: PASSED },
    moments: [
      triggerAt(10 * MINUTE, 2, {
        messages: sent(1),
        async check(h) {
          const { words, events, errors } = await newest(h);
          expect([words, errors]).toEqual([STOPPED, 0]);
          expect(events).toMatchObject([{ event: "run_halted", status: "ok", data: { reason: "throttled" } }]);
        },
      }),
      triggerAt(61 * MINUTE, 3, { messages: sent(1, 3) }),
    ],
  },
  {
    title: "C-247 E-284 E-286 a throttle of three per minute counts from the first pass",
    workflow: throttled({ throttle_limit: 3, throttle_window: { unit: "minutes", value: 1 } }),
    payload: buildPayload(1),
    moments: [
      triggerAt(10 * SECOND, 2),
      triggerAt(20 * SECOND, 3),
      triggerAt(30 * SECOND, 4, { messages: sent(1, 2, 3) }),
      // The window does not roll: three runs may pass again in the next window.
      ...[5, 6, 7].map((n) => triggerAt(70 * SECOND, n)),
      triggerAt(70 * SECOND, 8, { messages: sent(1, 2, 3, 5, 6, 7) }),
    ],
  },
  {
    title: "E-286 a window ends exactly after its duration",
    workflow: throttled(),
    payload: buildPayload(1),
    moments: [triggerAt(HOUR - 1, 2, { messages: sent(1) }), triggerAt(HOUR, 3, { messages: sent(1, 3) })],
  },
  {
    title: "C-248 E-285 each key has its own throttle",
    workflow: throttled({ throttle_key: "page" }),
    payload: buildPayload(1, { page: "A" }),
    moments: [
      triggerAt(0, 2, { data: { page: "B" }, messages: sent(1, 2) }),
      triggerAt(0, 3, { data: { page: "A" }, messages: sent(1, 2) }),
    ],
  },
  {
    title: "C-249 E-285 each recipient has their own throttle",
    workflow: throttled(),
    payload: buildPayload(1, {}, { recipients: ["ana", "bo"] }),
    runs: { ana: PASSED, bo: PASSED },
  },
  ...([{}, { until: null }, { until: "soon" }] as JsonObject[]).map(
    (data): EngineCase => ({
      title: `C-250 E-289 a missing window in ${JSON.stringify(data)} lets the run pass with an error`,
      workflow: throttled({ throttle_window_field_path: "data.until" }),
      payload: buildPayload(1, data),
      runs: { ana: UNCHECKED },
      moments: [
        triggerAt(MINUTE, 2, {
          data,
          messages: sent(1, 2),
          async check(h) {
            const { words, events, errors } = await newest(h);
            expect([words, errors]).toEqual([UNCHECKED, 1]);
            expect(events).toMatchObject([{ event: "step_skipped", status: "error" }]);
          },
        }),
      ],
    }),
  ),
  {
    title: "C-251 E-289 a missing key lets the run pass with an error",
    workflow: throttled({ throttle_key: "page" }),
    payload: buildPayload(1),
    runs: { ana: UNCHECKED },
    moments: [
      triggerAt(MINUTE, 2, {
        messages: sent(1, 2),
        async check(h) {
          expect((await newest(h)).events).toMatchObject([
            { event: "step_skipped", status: "error", data: { detail: "page: the key is missing" } },
          ]);
        },
      }),
    ],
  },
  {
    title: "C-252 E-290 E-289 a key of 70 characters lets the run pass with an error",
    workflow: throttled({ throttle_key: "page" }),
    payload: buildPayload(1, { page: "p".repeat(70) }),
    runs: { ana: UNCHECKED },
    moments: [triggerAt(MINUTE, 2, { data: { page: "p".repeat(70) }, messages: sent(1, 2) })],
  },
  {
    title: "E-290 a key of 57 characters is accepted, because it has 63 once encoded",
    workflow: throttled({ throttle_key: "page" }),
    payload: buildPayload(1, { page: "p".repeat(57) }),
    runs: { ana: PASSED },
    moments: [
      triggerAt(0, 2, { data: { page: "p".repeat(57) }, messages: sent(1) }),
      triggerAt(0, 3, { data: { page: "p".repeat(58) }, messages: sent(1, 3) }),
      triggerAt(0, 4, {
        data: { page: "p".repeat(58) },
        messages: sent(1, 3, 4),
        async check(h) {
          const { words, errors } = await newest(h);
          expect([words, errors]).toEqual([UNCHECKED, 1]);
        },
      }),
    ],
  },
  {
    title: "E-290 E-289 a window of more than 31 days lets the run pass with an error",
    workflow: throttled({ throttle_window_field_path: "data.until" }),
    payload: buildPayload(1, { until: { unit: "days", value: 32 } }),
    runs: { ana: UNCHECKED },
    moments: [triggerAt(0, 2, { data: { until: { unit: "days", value: 32 } }, messages: sent(1, 2) })],
  },
  {
    title: "C-253 E-285 each workflow has its own throttle",
    given: (h) => h.define("other", { steps: throttled() }),
    workflow: throttled(),
    payload: buildPayload(1),
    runs: { ana: PASSED },
    moments: [{ at: 0, action: (h) => h.trigger("other", buildPayload(2)), messages: sent(1, 2) }],
  },
  {
    title: "E-285 each step has its own throttle",
    workflow: [throttle(), { ...throttle(), ref: "throttle_2" }, step.email("S", "{{ data.n }}")],
    payload: buildPayload(1),
    runs: { ana: "completed: throttle_1 passed, throttle_2 passed, email_1 sent" },
  },
  {
    title: "E-285 each step has its own throttle across several runs",
    workflow: [throttleAt("throttle_1"), throttleAt("throttle_2"), step.email("S", "{{ data.n }}")],
    payload: buildPayload(1, { at: "throttle_1" }),
    runs: { ana: "completed: throttle_1 passed, throttle_2 skipped condition, email_1 sent" },
    moments: [
      triggerAt(0, 2, { data: { at: "throttle_2" }, messages: sent(1, 2) }),
      triggerAt(0, 3, {
        data: { at: "throttle_2" },
        messages: sent(1, 2),
        async check(h) {
          expect((await newest(h)).words).toBe("completed: throttle_1 skipped condition, throttle_2 halted throttled");
        },
      }),
    ],
  },
  {
    title: "C-254 E-288 a window may be a property of the recipient",
    given: (h) => h.identify({ id: "ana", gap: hours(2) }),
    workflow: throttled({ throttle_window_field_path: "recipient.gap" }),
    payload: buildPayload(1),
    moments: [triggerAt(90 * MINUTE, 2, { messages: sent(1) }), triggerAt(121 * MINUTE, 3, { messages: sent(1, 3) })],
  },
  {
    title: "E-288 the window of the run that opened it is used",
    workflow: throttled({ throttle_window_field_path: "data.until" }),
    payload: buildPayload(1, { until: new Date(T0 + HOUR).toISOString() }),
    moments: [
      triggerAt(MINUTE, 2, { data: { until: { unit: "seconds", value: 1 } }, messages: sent(1) }),
      triggerAt(2 * MINUTE, 3, { data: { until: { unit: "seconds", value: 1 } }, messages: sent(1) }),
      triggerAt(HOUR, 4, { data: { until: hours(1) }, messages: sent(1, 4) }),
    ],
  },
  {
    title: "E-088 E-284 a false condition skips the throttle and does not count as a pass",
    workflow: [
      { ...throttle(), conditions: buildCondition("data.n", "not_equal_to", "1") },
      step.email("S", "{{ data.n }}"),
    ],
    payload: buildPayload(1),
    runs: { ana: "completed: throttle_1 skipped condition, email_1 sent" },
    moments: [triggerAt(0, 2, { messages: sent(1, 2) }), triggerAt(0, 3, { messages: sent(1, 2) })],
  },
  {
    title: "E-291 E-292 a canceled run keeps its pass, and a stopped run uses none",
    workflow: [throttle(), step.delay("minutes", 10), step.email("S", "{{ data.n }}")],
    payload: buildPayload(1, {}, { cancellation_key: "ck" }),
    moments: [
      { at: MINUTE, action: (h) => h.cancel("digest", "ck") },
      {
        at: 2 * MINUTE,
        async action(h) {
          expect(formatRun(getRecipientOutcome(await h.trigger("digest", buildPayload(2)), "ana"))).toBe(STOPPED);
        },
      },
      { at: HOUR - 1, messages: [] },
      {
        at: HOUR,
        async action(h) {
          expect(formatRun(getRecipientOutcome(await h.trigger("digest", buildPayload(3)), "ana"))).toMatch(
            /^paused: throttle_1 passed/,
          );
        },
      },
      { at: 2 * HOUR, messages: sent(3) },
    ],
  },
  {
    title: "E-284 several triggers share the limit of a throttle",
    workflow: throttled({ throttle_limit: 2 }),
    payload: buildPayload(1),
    moments: [triggerAt(0, 2), triggerAt(0, 3, { messages: sent(1, 2) })],
  },
];

describeEngineCases("N. Throttle", cases);
