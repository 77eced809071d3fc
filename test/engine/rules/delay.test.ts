import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { DAY, HOUR, MINUTE, SECOND, T0 } from "../../helpers/case-times.js";
import { describeEngineCases, formatRun, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const iso = (at: number) => new Date(at).toISOString();

interface Row {
  title: string;
  delay: JsonObject;
  given?: (h: EngineHarness) => unknown;
  /** The time of the trigger if it is not T0. */
  now?: string;
  recipient?: string;
  data?: JsonObject;
  /** When the email is created, as ISO 8601 or milliseconds after the trigger; null if the delay is skipped as invalid. */
  email: string | number | null;
}

const untilAt = step.delayUntil("data.at");
const relative = step.delayUntil("data.start", { unit: "hours", value: -24 });
const slot: Json = { frequency: "weekly", days: ["mon"], hours: 9 };
const withSlot = (id: string, rule: Json) => (h: EngineHarness) => h.identify({ id, slot: rule });

const rows: Row[] = [
  { title: "C-190 E-233 a fixed delay waits for its duration", delay: step.delay("minutes", 10), email: 10 * MINUTE },
  {
    title: "C-191 E-234 a delay waits until a timestamp in the data",
    delay: untilAt,
    data: { at: iso(T0 + 2 * HOUR) },
    email: 2 * HOUR,
  },
  {
    title: "C-192 E-236 a past timestamp skips the delay",
    delay: untilAt,
    data: { at: iso(T0 - MINUTE) },
    email: null,
  },
  { title: "C-193 E-236 a missing timestamp skips the delay", delay: untilAt, data: {}, email: null },
  { title: "C-193 E-236 an invalid timestamp skips the delay", delay: untilAt, data: { at: "later" }, email: null },
  {
    title: "C-194 E-234 a delay waits for a duration in the data",
    delay: untilAt,
    data: { at: { unit: "hours", value: 3 } },
    email: 3 * HOUR,
  },
  {
    title: "C-195 E-234 a path without a prefix refers to the data",
    delay: step.delayUntil("at"),
    data: { at: iso(T0 + HOUR) },
    email: HOUR,
  },
  {
    title: "C-196 E-234 E-083 a delay waits for a duration in a variable",
    delay: step.delayUntil("vars.pause"),
    email: 2 * MINUTE,
  },
  {
    title: "C-197 E-241 E-242 a window rule uses the recipient's time zone",
    delay: step.delayUntil("recipient.slot"),
    given: withSlot("dee", slot),
    recipient: "dee",
    email: "2025-06-09T00:00:00Z",
  },
  {
    title: "C-198 E-241 a window rule uses UTC without a time zone",
    delay: step.delayUntil("recipient.slot"),
    given: withSlot("bo", slot),
    recipient: "bo",
    email: "2025-06-09T09:00:00Z",
  },
  {
    title: "C-199 E-242 a window rule waits for a time strictly in the future",
    delay: step.delayUntil("recipient.slot"),
    given: withSlot("bo", { frequency: "daily", hours: 9 }),
    now: "2025-06-04T09:00:00Z",
    recipient: "bo",
    email: "2025-06-05T09:00:00Z",
  },
  {
    title: "C-200 E-242 a window rule may be limited to weekdays",
    delay: step.delayUntil("recipient.slot"),
    given: withSlot("bo", { frequency: "daily", days: "weekdays", hours: 9 }),
    now: "2025-06-06T12:00:00Z",
    recipient: "bo",
    email: "2025-06-09T09:00:00Z",
  },
  {
    title: "C-201 E-235 a delay ends a day before a timestamp",
    delay: relative,
    data: { start: iso(T0 + 48 * HOUR) },
    email: 24 * HOUR,
  },
  {
    title: "C-202 E-235 E-236 a past time before a timestamp skips the delay",
    delay: relative,
    data: { start: iso(T0 + 10 * HOUR) },
    email: null,
  },
  {
    title: "C-205 E-237 a delay of 400 days is skipped",
    delay: untilAt,
    data: { at: iso(T0 + 400 * DAY) },
    email: null,
  },
  {
    title: "C-206 E-167 a delay is accurate to the second",
    delay: step.delayUntil("data.at"),
    data: { at: "2025-06-04T12:00:00Z" },
    email: "2025-06-04T12:00:00Z",
  },
];

describe("L. Delay", () => {
  it.each(rows.map((row) => [row.title, row] as const))("%s", (_title, row) =>
    withHarness(async (h) => {
      const { recipient = "ana", data = {}, email } = row;
      if (row.now) h.now = Date.parse(row.now);
      const start = h.now;
      await row.given?.(h);
      h.define("digest", { steps: [row.delay, step.email()] });
      const started = await h.trigger("digest", { recipients: [recipient], data });
      const [run] = started.recipients ?? [];
      if (!run) throw new Error("no run");

      if (email === null) {
        expect(formatRun(run)).toBe("completed: delay_1 skipped invalid_window, email_1 sent");
        expect((await h.listMessages()).map(({ inserted_at }) => inserted_at)).toEqual([start]);
        const detail = await h.engine.readRecipientRun(run.recipient_run_id as string);
        expect(detail?.error_count).toBe(1);
        expect(detail?.events).toContainEqual(
          expect.objectContaining({
            event: "step_skipped",
            step_ref: "delay_1",
            status: "error",
            data: expect.objectContaining({ reason: "invalid_window" }),
          }),
        );
        return;
      }
      const end = typeof email === "number" ? start + email : Date.parse(email);
      expect(formatRun(run)).toBe(`paused: delay_1 waiting ${iso(end).replace(".000Z", "Z")}`);
      await h.moveTo(end - 1);
      expect(await h.listMessages()).toEqual([]);
      await h.moveTo(end + 5 * SECOND);
      expect((await h.listMessages()).map(({ inserted_at, status }) => [inserted_at, status])).toEqual([[end, "sent"]]);
      const [after] = (await h.readOutcome(started)).recipients ?? [];
      expect(after && formatRun(after)).toBe("completed: delay_1 passed, email_1 sent");
    }),
  );
});

describeEngineCases("L. Delay: not waited for", [
  {
    title: "C-203 E-238 E-408 skip_delay skips the delay",
    workflow: [step.delay("days", 1), step.email()],
    payload: { settings: { skip_delay: true } },
    runs: { ana: "completed: delay_1 skipped skip_delay, email_1 sent" },
    messages: ["ana mail sent: B"],
  },
  {
    title: "C-204 E-098 a false condition skips the delay",
    workflow: [step.delay("days", 1, { conditions: buildCondition("data.wait", "equal_to", "true") }), step.email()],
    payload: { data: { wait: false } },
    runs: { ana: "completed: delay_1 skipped condition, email_1 sent" },
    messages: ["ana mail sent: B"],
  },
  {
    title: "E-167 a second delay starts at the end of the first",
    workflow: [step.delay("minutes", 10), step.email(), step.delay("minutes", 20, {}, "delay_2"), step.sms()],
    moments: [
      {
        at: 10 * MINUTE,
        runs: { ana: "paused: delay_1 passed, email_1 sent, delay_2 waiting 2025-06-04T10:30:00Z" },
        messages: ["ana mail sent: B"],
      },
      {
        at: 30 * MINUTE,
        runs: { ana: "completed: delay_1 passed, email_1 sent, delay_2 passed, sms_1 sent" },
        async check(h, outcome) {
          const messages = await h.listMessages();
          expect(messages.map(({ inserted_at }) => inserted_at - T0)).toEqual([10 * MINUTE, 30 * MINUTE]);
          expect(outcome.recipients?.[0]?.steps.map(({ until }) => until ?? null)).toEqual([null, null, null, null]);
        },
      },
    ],
  },
]);
