import { formatRecipient } from "../domain/recipient/recipient.js";
import { filterObjects, type Json, type JsonObject } from "../util/json.js";
import type { ListPage } from "./documents/lists.js";
import { formatTime } from "./format-time.js";
import type { Output } from "./output.js";
import { type ChangedItems, printList } from "./print-resources.js";

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

function formatRepeats({ repeats }: JsonObject): string {
  const rules = filterObjects(repeats);
  return rules.length === 0 ? "once" : rules.map(formatRule).join("; ");
}

/** Prints a page of schedules, or the schedules that a command changed. */
export function printSchedules(page: ListPage | ChangedItems, output: Output): void {
  printList(
    page,
    {
      emptyText: "no schedules",
      id: (item) => String(item.id),
      head: ["SCHEDULE", "WORKFLOW", "RECIPIENT", "NEXT", "LAST", "REPEATS"],
      row: (item) => [
        String(item.id),
        String(item.workflow),
        formatRecipient(item.recipient),
        formatTime(item.next_occurrence_at, output.zone) || "never",
        formatTime(item.last_occurrence_at, output.zone),
        formatRepeats(item),
      ],
    },
    output,
  );
}

export function printSchedule(schedule: JsonObject, output: Output): void {
  if (output.verbosity.json) return output.json(schedule);
  if (output.verbosity.quiet) return output.line(String(schedule.id));
  const { colors: paint } = output;
  const fields: [string, string][] = [
    ["recipient", formatRecipient(schedule.recipient)],
    ["repeats", formatRepeats(schedule)],
    ["next", formatTime(schedule.next_occurrence_at, output.zone) || "never"],
    ["last", formatTime(schedule.last_occurrence_at, output.zone)],
    ["actor", formatRecipient(schedule.actor)],
    ["tenant", schedule.tenant === null ? "" : String(schedule.tenant)],
    ["data", schedule.data === null ? "" : JSON.stringify(schedule.data)],
    ["created", formatTime(schedule.inserted_at, output.zone)],
  ];
  output.line(`${paint.bold(String(schedule.workflow))}  ${String(schedule.id)}`);
  for (const [name, text] of fields) if (text !== "") output.line(`  ${paint.dim(name.padEnd(9))}  ${text}`);
}
