import { formatOffset, type Moment } from "./parse-moment.js";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAY_MS = 86_400_000;
/** Limits the width of a directive in characters. A larger one is a mistake or an attempt to use up memory. */
const MAX_WIDTH = 100;

const COMPOSED_DIRECTIVES: Record<string, string> = {
  c: "%a %b %e %H:%M:%S %Y",
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  R: "%H:%M",
  r: "%I:%M:%S %p",
  T: "%H:%M:%S",
  v: "%e-%^b-%Y",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
};

/** Returns the week of the year. Week 1 starts on the year's first weekday `first` (0 is Sunday, 1 is Monday). */
function getWeekOfYear(first: number, local: Date, yearDay: number): number {
  return Math.floor((yearDay + 6 - ((local.getUTCDay() - first + 7) % 7)) / 7);
}

/** Returns the ISO week and its year, which is the year of the week's Thursday. */
function getIsoWeek(local: Date): { year: number; week: number } {
  const thursday = new Date(local.getTime() + (4 - (local.getUTCDay() || 7)) * DAY_MS);
  const year = thursday.getUTCFullYear();
  return { year, week: Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / DAY_MS / 7) + 1 };
}

function getOrdinalSuffix(day: number): string {
  if (day >= 11 && day <= 13) return "th";
  return ["th", "st", "nd", "rd"][day % 10] ?? "th";
}

/** Returns a directive's value with its default width and padding. Undefined for an unknown directive. */
function formatDirective(
  directive: string,
  local: Date,
  moment: Moment,
): [value: string | number, width: number, pad: string] | undefined {
  const year = local.getUTCFullYear();
  const yearDay = Math.floor((local.getTime() - Date.UTC(year, 0, 1)) / DAY_MS) + 1;
  const hour = local.getUTCHours();
  const hour12 = hour % 12 || 12;
  const dayName = DAYS[local.getUTCDay()] ?? "";
  const monthName = MONTHS[local.getUTCMonth()] ?? "";
  switch (directive) {
    case "a":
      return [dayName.slice(0, 3), 0, " "];
    case "A":
      return [dayName, 0, " "];
    case "b":
    case "h":
      return [monthName.slice(0, 3), 0, " "];
    case "B":
      return [monthName, 0, " "];
    case "C":
      return [Math.floor(year / 100), 2, "0"];
    case "d":
      return [local.getUTCDate(), 2, "0"];
    case "e":
      return [local.getUTCDate(), 2, " "];
    case "g":
      return [getIsoWeek(local).year % 100, 2, "0"];
    case "G":
      return [getIsoWeek(local).year, 4, "0"];
    case "H":
      return [hour, 2, "0"];
    case "I":
      return [hour12, 2, "0"];
    case "j":
      return [yearDay, 3, "0"];
    case "k":
      return [hour, 2, " "];
    case "l":
      return [hour12, 2, " "];
    case "L":
      return [local.getUTCMilliseconds(), 3, "0"];
    case "m":
      return [local.getUTCMonth() + 1, 2, "0"];
    case "M":
      return [local.getUTCMinutes(), 2, "0"];
    case "N":
      return [String(local.getUTCMilliseconds()).padStart(3, "0").padEnd(9, "0"), 0, "0"];
    case "n":
      return ["\n", 0, " "];
    case "p":
      return [hour < 12 ? "AM" : "PM", 0, " "];
    case "P":
      return [hour < 12 ? "am" : "pm", 0, " "];
    case "q":
      return [getOrdinalSuffix(local.getUTCDate()), 0, " "];
    case "s":
      return [Math.floor(moment.at / 1000), 0, "0"];
    case "S":
      return [local.getUTCSeconds(), 2, "0"];
    case "t":
      return ["\t", 0, " "];
    case "u":
      return [local.getUTCDay() || 7, 1, "0"];
    case "U":
      return [getWeekOfYear(0, local, yearDay), 2, "0"];
    case "V":
      return [getIsoWeek(local).week, 2, "0"];
    case "w":
      return [local.getUTCDay(), 1, "0"];
    case "W":
      return [getWeekOfYear(1, local, yearDay), 2, "0"];
    case "y":
      return [year % 100, 2, "0"];
    case "Y":
      return [year, 4, "0"];
    case "z":
      return [formatOffset(moment.offsetMinutes, ""), 0, "0"];
    case "Z":
      return [moment.zone, 0, " "];
    case "%":
      return ["%", 0, " "];
    default:
      return undefined;
  }
}

/**
 * Formats a moment by strftime directives, in its own offset and with English names. A directive can have flags, then a
 * width. The flags are `-` (no padding), `_` (spaces), `0` (zeros), `^` (upper case), `#` (opposite case) and `:` (a colon
 * in `%z`). Unknown directives stay as written (T-041).
 */
export function strftime(moment: Moment, format: string): string {
  const local = new Date(moment.at + moment.offsetMinutes * 60_000);
  return format.replaceAll(
    /%([-_0^#:]*)([1-9]\d*)?[EO]?([A-Za-z%])/g,
    (written: string, flags: string, width: string | undefined, directive: string) => {
      const composed = COMPOSED_DIRECTIVES[directive];
      const found: ReturnType<typeof formatDirective> =
        composed === undefined ? formatDirective(directive, local, moment) : [strftime(moment, composed), 0, " "];
      if (found === undefined) return written;
      let [text, size, pad] = [String(found[0]), found[1], found[2]];
      if (flags.includes(":") && directive === "z") text = formatOffset(moment.offsetMinutes);
      if (flags.includes("^")) text = text.toUpperCase();
      if (flags.includes("#")) text = text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
      if (flags.includes("_")) pad = " ";
      if (flags.includes("0")) pad = "0";
      if (directive === "N" && width !== undefined) return text.slice(0, Number(width));
      if (width !== undefined) size = Math.min(Number(width), MAX_WIDTH);
      return flags.includes("-") ? text : text.padStart(size, pad);
    },
  );
}
