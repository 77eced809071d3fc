import { filterObjects, type Json, type JsonObject } from "../../util/json.js";

const FREQUENCY_UNITS: Record<string, string> = { hourly: "hours", daily: "days", weekly: "weeks", monthly: "months" };

/** Formats the days of a rule, such as `every 2 weeks on mon, fri`. */
function formatDays({ frequency, interval, day_of_month, days }: JsonObject): string {
  const name = String(frequency);
  const parts = [Number(interval) > 1 ? `every ${String(interval)} ${FREQUENCY_UNITS[name] ?? ""}` : name];
  if (day_of_month !== null) parts.push(`on day ${String(day_of_month)}`);
  if (days !== null) parts.push(`on ${Array.isArray(days) ? days.join(", ") : String(days)}`);
  return parts.join(" ");
}

/** Formats the time of a rule, such as `18:00`, or `:30` for an hourly one. */
function formatTimeOfDay({ frequency, hours, minutes }: JsonObject): string {
  const padTwoDigits = (value: Json | undefined): string => String(value ?? 0).padStart(2, "0");
  return `${frequency === "hourly" ? "" : padTwoDigits(hours)}:${padTwoDigits(minutes)}`;
}

/** Formats when a schedule of the API repeats: `weekly on mon at 09:00`, or `once`. */
export function formatRepeats({ repeats }: JsonObject): string {
  const rules = filterObjects(repeats);
  return rules.length === 0
    ? "once"
    : rules.map((rule) => `${formatDays(rule)} at ${formatTimeOfDay(rule)}`).join("; ");
}

/** Formats the days of a rule as briefly as a column needs: `mon, fri`, `day 3`, or `every 2 weeks on mon`. */
function formatDaysBriefly(rule: JsonObject): string {
  return formatDays(rule).replace(/^(?:daily|weekly|monthly) on /, "");
}

/** Formats when a schedule of the API repeats as two columns: its times in the recipient's time zone, and its days. */
export function formatRepeatsInColumns({ repeats }: JsonObject): [times: string, days: string] {
  const rules = filterObjects(repeats);
  if (rules.length === 0) return ["", "once"];
  return [[...new Set(rules.map(formatTimeOfDay))].join(", "), rules.map(formatDaysBriefly).join("; ")];
}
