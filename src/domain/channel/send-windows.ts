import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { described, listRule, named, optional } from "../schema/fields.js";
import { unionByType } from "../schema/union-by-type.js";

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;

const timeOfDayField = (description: string) => {
  const members = { text: () => z.string(), number: () => z.number() };
  return described(optional(unionByType("a time such as 09:00", members)), description);
};

const sendWindowSchema = () =>
  z.strictObject({
    day: described(z.enum(WEEKDAYS), "The day of the week."),
    type: described(z.enum(["send", "do_not_send"]), "Whether messages are sent on this day."),
    from: timeOfDayField("Time at which sending starts, such as 09:00, or minutes since midnight."),
    until: timeOfDayField(
      "Time at which sending stops, such as 17:30, or minutes since midnight. It is not part of the window.",
    ),
  });

/** Returns a time of day as text. Numbers are minutes since midnight (section 6.5 of the format). */
function formatTimeOfDay(value: unknown): string | null {
  if (typeof value === "number")
    return `${String(Math.floor(value / 60)).padStart(2, "0")}:${String(value % 60).padStart(2, "0")}:00`;
  return typeof value === "string" ? value : null;
}

/**
 * Reports send windows that do not cover seven distinct days or never send. Windows may have findings of their own
 * (F-052).
 */
function checkSendWindows(windows: readonly unknown[], report: ReportFinding): void {
  const objects = windows.filter(isJsonObject);
  if (objects.length < windows.length) return;
  if (new Set(objects.map(({ day }) => day)).size !== 7 || objects.length !== 7)
    report([], "must have one entry for each of the seven days");
  if (!objects.some(({ type }) => type !== "do_not_send")) report([], "must send on at least one day");
  for (const [index, window] of objects.entries()) {
    const [from, until] = [formatTimeOfDay(window.from), formatTimeOfDay(window.until)];
    if (window.type === "do_not_send" && (from ?? until) !== null)
      report([index, from === null ? "until" : "from"], "has no effect on a day without sending");
    for (const [name, time] of [
      ["from", from],
      ["until", until],
    ] as const) {
      if (time !== null && !TIME_OF_DAY.test(time))
        report([index, name], `must be a time such as 09:00 or 17:30:00, found ${JSON.stringify(time)}`);
    }
    if (from !== null && until !== null && from.padEnd(8, ":00") >= until.padEnd(8, ":00"))
      report([index, "until"], "must be later than from");
  }
}

/** The schema of a step's send windows, one for each day. */
export const sendWindowsSchema = once(() =>
  named(z.array(sendWindowSchema()).check(listRule(checkSendWindows)), "send_windows"),
);

interface RawSendWindow {
  day: string;
  type: "send" | "do_not_send";
  from?: string | number | null | undefined;
  until?: string | number | null | undefined;
}

/** Returns a window with its times as text. */
export const normalizeSendWindow = ({ day, type, from, until }: RawSendWindow) => ({
  day,
  type,
  from: formatTimeOfDay(from),
  until: formatTimeOfDay(until),
});

export type SendWindow = ReturnType<typeof normalizeSendWindow>;
