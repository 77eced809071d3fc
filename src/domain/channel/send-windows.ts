import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { byKind } from "../schema/by-kind.js";
import { described, listRule, named, optional } from "../schema/fields.js";
import type { Complain } from "../shape/complain.js";

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;

const timeOfDay = (description: string) => {
  const members = { text: () => z.string(), number: () => z.number() };
  return described(optional(byKind("a time such as 09:00", members)), description);
};

const sendWindow = () =>
  z.strictObject({
    day: described(z.enum(WEEKDAYS), "The day of the week."),
    type: described(z.enum(["send", "do_not_send"]), "Whether messages are sent on this day."),
    from: timeOfDay("The first time of the day, such as 09:00, or minutes since midnight."),
    until: timeOfDay("The time of the day at which sending stops, such as 17:30, or minutes since midnight."),
  });

/** A time of the day as text; whole numbers are minutes since midnight (section 6.5 of the format). */
function timeOf(value: unknown): string | null {
  if (typeof value === "number")
    return `${String(Math.floor(value / 60)).padStart(2, "0")}:${String(value % 60).padStart(2, "0")}:00`;
  return typeof value === "string" ? value : null;
}

/** Seven distinct days, of which at least one sends (F-052). Windows may have faults of their own. */
function checkWindows(windows: readonly unknown[], fault: Complain): void {
  const objects = windows.filter(isJsonObject);
  if (objects.length < windows.length) return;
  if (new Set(objects.map(({ day }) => day)).size !== 7 || objects.length !== 7)
    fault([], "must have one entry for each of the seven days");
  if (!objects.some(({ type }) => type !== "do_not_send")) fault([], "must send on at least one day");
  for (const [index, window] of objects.entries()) {
    const [from, until] = [timeOf(window.from), timeOf(window.until)];
    if (window.type === "do_not_send" && (from ?? until) !== null)
      fault([index, from === null ? "until" : "from"], "has no effect on a day that does not send");
    for (const [name, time] of [
      ["from", from],
      ["until", until],
    ] as const) {
      if (time !== null && !TIME.test(time))
        fault([index, name], `must be a time such as 09:00 or 17:30:00, found ${JSON.stringify(time)}`);
    }
    if (from !== null && until !== null && from.padEnd(8, ":00") >= until.padEnd(8, ":00"))
      fault([index, "until"], "must be later than from");
  }
}

/** The send windows of a step: an entry per day. */
export const sendWindows = once(() => named(z.array(sendWindow()).check(listRule(checkWindows)), "send_windows"));

interface GivenWindow {
  day: string;
  type: "send" | "do_not_send";
  from?: string | number | null | undefined;
  until?: string | number | null | undefined;
}

/** Returns a window with its times as text. */
export const sendWindowOf = ({ day, type, from, until }: GivenWindow) => ({
  day,
  type,
  from: timeOf(from),
  until: timeOf(until),
});

export type SendWindow = ReturnType<typeof sendWindowOf>;
