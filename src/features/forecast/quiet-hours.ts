import { KnockError } from "../../errors/knock-error.js";

/** Minutes after midnight. The start is after the end if the hours include midnight. */
export interface QuietHours {
  start: number;
  end: number;
}

const HOURS = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** Parses hours such as `22:00-08:00`. Throws `usage`. */
export function parseQuietHours(text: string, flag: string): QuietHours {
  const [startHour, startMinute, endHour, endMinute] = (HOURS.exec(text)?.slice(1) ?? []).map(Number);
  const start = (startHour ?? 0) * 60 + (startMinute ?? 0);
  const end = (endHour ?? 0) * 60 + (endMinute ?? 0);
  if (endMinute === undefined || start === end)
    throw new KnockError("usage", `${flag}: ${JSON.stringify(text)} is not a range of hours`, {
      hint: "For example 22:00-08:00.",
    });
  return { start, end };
}

/** Returns whether a minute of the day is quiet. The end is not. */
export function isQuiet({ start, end }: QuietHours, minute: number): boolean {
  return start < end ? minute >= start && minute < end : minute >= start || minute < end;
}
