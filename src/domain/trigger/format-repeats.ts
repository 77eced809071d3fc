import { filterObjects, type Json, type JsonObject } from "../../util/json.js";

const FREQUENCY_UNITS: Record<string, string> = { hourly: "hours", daily: "days", weekly: "weeks", monthly: "months" };

/** Formats a rule, such as `every 2 weeks on mon, fri at 18:00`. */
function formatRule(rule: JsonObject): string {
  const frequency = String(rule.frequency);
  const parts = [
    Number(rule.interval) > 1 ? `every ${String(rule.interval)} ${FREQUENCY_UNITS[frequency] ?? ""}` : frequency,
  ];
  if (rule.day_of_month !== null) parts.push(`on day ${String(rule.day_of_month)}`);
  if (rule.days !== null) parts.push(`on ${Array.isArray(rule.days) ? rule.days.join(", ") : String(rule.days)}`);
  const padTwoDigits = (value: Json | undefined): string => String(value ?? 0).padStart(2, "0");
  parts.push(`at ${frequency === "hourly" ? "" : padTwoDigits(rule.hours)}:${padTwoDigits(rule.minutes)}`);
  return parts.join(" ");
}

/** Formats when a schedule of the API repeats: `weekly on mon at 09:00`, or `once`. */
export function formatRepeats({ repeats }: JsonObject): string {
  const rules = filterObjects(repeats);
  return rules.length === 0 ? "once" : rules.map(formatRule).join("; ");
}
