import { formatRecipient } from "../domain/recipient/recipient.js";
import { formatRepeats, formatRepeatsInColumns } from "../domain/trigger/format-repeats.js";
import type { JsonObject } from "../util/json.js";
import type { ListPage } from "./documents/lists.js";
import { formatTime } from "./format-time.js";
import type { Output } from "./output.js";
import { type ChangedItems, printList } from "./print-resources.js";

/** Prints a page of schedules, or the schedules that a command changed. */
export function printSchedules(page: ListPage | ChangedItems, output: Output): void {
  printList(
    page,
    {
      emptyText: "no schedules",
      id: (item) => String(item.id),
      head: ["SCHEDULE", "WORKFLOW", "RECIPIENT", "NEXT", "LAST", "AT", "REPEATS"],
      row: (item) => [
        String(item.id),
        String(item.workflow),
        formatRecipient(item.recipient),
        formatTime(item.next_occurrence_at, output.zone) || "never",
        formatTime(item.last_occurrence_at, output.zone),
        ...formatRepeatsInColumns(item),
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
