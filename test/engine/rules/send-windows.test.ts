import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { HOUR } from "../../helpers/case-times.js";
import { formatMessage, formatRuns, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"];
const windows: JsonObject[] = [
  ...WEEKDAYS.map((day) => ({ day, type: "send", from: "09:00", until: "17:00" })),
  ...["saturday", "sunday"].map((day) => ({ day, type: "do_not_send" })),
];
const held = step.email("S", "B", { send_windows: windows });

interface Row {
  title: string;
  given?: (h: EngineHarness) => unknown;
  at: string;
  recipient: string;
  /** When the message is to be sent; null for immediately. */
  scheduled: string | null;
}

const rows: Row[] = [
  {
    title:
      "C-162 E-198 E-200 a message of Friday evening in New York waits until Monday morning, after the clock change",
    at: "2025-03-07T22:30:00Z",
    recipient: "ana",
    scheduled: "2025-03-10T13:00:00Z",
  },
  {
    title: "C-164 E-200 a message inside the window is sent at once",
    at: "2025-06-04T10:00:00Z",
    recipient: "bo",
    scheduled: null,
  },
  {
    title: "C-165 E-201 a message exactly at the window's end waits",
    at: "2025-06-04T17:00:00Z",
    recipient: "bo",
    scheduled: "2025-06-05T09:00:00Z",
  },
  {
    title: "C-165 E-201 a message a second before the window's end is sent at once",
    at: "2025-06-04T16:59:59Z",
    recipient: "bo",
    scheduled: null,
  },
  {
    title: "C-168 E-413 E-200 the account's time zone is used for a recipient without one",
    given: (h) => {
      h.environment.timezone = "Europe/London";
    },
    at: "2025-06-09T07:00:00Z",
    recipient: "bo",
    scheduled: "2025-06-09T08:00:00Z",
  },
  {
    title: "C-169 E-413 an unknown zone is ignored",
    given: (h) => h.identify({ id: "ana", timezone: "Mars/Base" }),
    at: "2025-06-04T10:00:00Z",
    recipient: "ana",
    scheduled: null,
  },
];

async function start(h: EngineHarness, at: string, recipient: string, steps: JsonObject[]) {
  h.now = Date.parse(at);
  h.define("digest", { steps });
  return h.trigger("digest", { recipients: [recipient] });
}

describe("I. Send windows", () => {
  it.each(rows.map((row) => [row.title, row] as const))("%s", (_title, { given, at, recipient, scheduled }) =>
    withHarness(async (h) => {
      await given?.(h);
      const outcome = await start(h, at, recipient, [held]);
      if (scheduled === null) {
        expect(formatRuns(outcome)).toEqual({ [recipient]: "completed: email_1 sent" });
        expect((await h.listMessages()).map(formatMessage)).toEqual([`${recipient} mail sent: B`]);
        expect((await h.listMessages())[0]?.scheduled_at).toBeNull();
        return;
      }
      const opening = Date.parse(scheduled);
      expect(formatRuns(outcome)).toEqual({ [recipient]: `completed: email_1 queued ${scheduled}` });
      expect(outcome.summary).toMatchObject({ sent: 0, waiting: 1 });
      expect((await h.listMessages())[0]).toMatchObject({ status: "queued", scheduled_at: opening });

      await h.moveTo(opening - 1);
      expect(h.deliveredMessages).toEqual([]);
      await h.moveTo(opening);
      const [message] = await h.listMessages();
      expect(message?.status).toBe("sent");
      expect(message?.events.at(-1)).toMatchObject({ type: "sent", at: opening });
      expect(h.deliveredMessages).toHaveLength(1);
      expect(formatRuns(await h.readOutcome(outcome))).toEqual({ [recipient]: "completed: email_1 sent" });
    }),
  );

  it("C-163 E-199 the run continues while the message waits", () =>
    withHarness(async (h) => {
      const outcome = await start(h, "2025-03-07T22:30:00Z", "ana", [held, step.sms()]);
      expect(formatRuns(outcome)).toEqual({
        ana: "completed: email_1 queued 2025-03-10T13:00:00Z, sms_1 sent",
      });
      expect((await h.listMessages()).map(formatMessage)).toEqual(["ana mail queued: B", "ana text sent: M"]);
    }));

  it("C-167 E-202 E-129 an email that waits is still queued for conditions an hour later", () =>
    withHarness(async (h) => {
      const saturday = "2025-06-07T12:00:00Z";
      const outcome = await start(h, saturday, "ana", [
        held,
        step.delay("hours", 1),
        step.sms("M", { conditions: buildCondition("refs.email_1.delivery_status", "less_than", "$message.sent") }),
      ]);
      await h.moveTo(Date.parse(saturday) + HOUR);
      expect((await h.listMessages()).map(formatMessage)).toEqual(["ana mail queued: B", "ana text sent: M"]);
      expect(formatRuns(await h.readOutcome(outcome))).toEqual({
        ana: "completed: email_1 queued 2025-06-09T13:00:00Z, delay_1 passed, sms_1 sent",
      });
    }));

  it("C-166 E-184 E-200 a device's time zone takes precedence over its owner's", () =>
    withHarness(async (h) => {
      const devices: JsonObject[] = [{ token: "t1", timezone: "Asia/Tokyo" }, { token: "t2" }];
      await h.identify({ id: "bo", channel_data: { [h.environment.channels.ios!.id]: { devices } } });
      await start(h, "2025-06-04T10:00:00Z", "bo", [step.push("P", { send_windows: windows })]);
      const scheduled = (await h.listMessages()).map(({ content, scheduled_at }) => [content.token, scheduled_at]);
      expect(scheduled).toEqual([
        ["t1", Date.parse("2025-06-05T00:00:00Z")],
        ["t2", null],
      ]);
    }));

  it("E-184 EQ-63 an unknown zone of a device falls back to its owner's", () =>
    withHarness(async (h) => {
      const devices = [{ token: "t1", timezone: "Mars/Base" }];
      await h.identify({
        id: "bo",
        timezone: "Asia/Tokyo",
        channel_data: { [h.environment.channels.ios!.id]: { devices } },
      });
      await start(h, "2025-06-04T10:00:00Z", "bo", [step.push("P", { send_windows: windows })]);
      expect((await h.listMessages())[0]?.scheduled_at).toBe(Date.parse("2025-06-05T00:00:00Z"));
    }));

  it("C-169 EQ-63 the run's events warn of the unknown zone", () =>
    withHarness(async (h) => {
      await h.identify({ id: "ana", timezone: "Mars/Base" });
      const outcome = await start(h, "2025-06-04T10:00:00Z", "ana", [held]);
      const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
      expect(run?.error_count).toBe(0);
      expect(run?.events).toContainEqual(
        expect.objectContaining({
          event: "step_completed",
          step_ref: "email_1",
          status: "ok",
          data: { warnings: [expect.stringContaining('"Mars/Base"')] },
        }),
      );
    }));

  it("E-198 E-208 a sandboxed message also waits for its window, and is never sent", () =>
    withHarness(async (h) => {
      h.environment.channels.mail!.deliver = false;
      await start(h, "2025-06-04T17:00:00Z", "bo", [held]);
      expect((await h.listMessages()).map(formatMessage)).toEqual(["bo mail queued: B"]);
      await h.moveTo(Date.parse("2025-06-05T09:00:00Z"));
      expect((await h.listMessages()).map(formatMessage)).toEqual(["bo mail not_sent: B"]);
      expect(h.deliveredMessages).toEqual([]);
    }));
});
