import type { Complain } from "../shape/complain.js";
import type { Shaped } from "../shape/shape.js";
import type { sendWindow } from "../step/step-shapes.js";
import type { SendWindow } from "./workflow.js";

type RawWindow = Shaped<typeof sendWindow>;

/** An hour of the day as text; whole numbers are minutes since midnight (section 6.5). */
function timeOf(value: string | number | null | undefined): string | null {
  if (typeof value !== "number") return value ?? null;
  return `${String(Math.floor(value / 60)).padStart(2, "0")}:${String(value % 60).padStart(2, "0")}:00`;
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;

/** Seven distinct days, of which one sends (F-052). */
export function parseSendWindows(raw: readonly RawWindow[], path: PropertyKey[], complain: Complain): SendWindow[] {
  const windows = raw.map(({ day, type, from, until }) => ({ day, type, from: timeOf(from), until: timeOf(until) }));
  if (new Set(windows.map((window) => window.day)).size !== 7 || windows.length !== 7)
    complain(path, "must have one entry for each of the seven days");
  if (!windows.some((window) => window.type === "send")) complain(path, "must send on at least one day");
  for (const [index, { type, from, until }] of windows.entries()) {
    if (type === "do_not_send" && (from ?? until) !== null)
      complain([...path, index, from === null ? "until" : "from"], "has no effect on a day that does not send");
    for (const [name, time] of [
      ["from", from],
      ["until", until],
    ] as const) {
      if (time !== null && !TIME.test(time))
        complain([...path, index, name], `must be a time such as 09:00 or 17:30:00, found ${JSON.stringify(time)}`);
    }
    if (from !== null && until !== null && from.padEnd(8, ":00") >= until.padEnd(8, ":00"))
      complain([...path, index, "until"], "must be later than from");
  }
  return windows;
}
