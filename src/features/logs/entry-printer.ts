import { formatRecipient } from "../../domain/recipient/recipient.js";
import type { Colors } from "../../output/colors.js";
import { formatTime, formatTimes } from "../../output/format-time.js";
import type { Output } from "../../output/output.js";
import { displayWidth, padToWidth, toOneLine, truncateToWidth } from "../../output/print-table.js";
import type { LogEntry } from "./log-entry-schema.js";

/** A longer name moves the rest of its line. */
const MAX_NAME_WIDTH = 24;
/** The columns that the text keeps on a narrow terminal. */
const MIN_TEXT_WIDTH = 12;

const STYLES: Readonly<Record<string, keyof Colors>> = {
  run_started: "bold",
  step_skipped: "yellow",
  run_halted: "yellow",
  run_cancelled: "yellow",
  "message.delivered": "green",
  "message.sent": "green",
  "message.not_sent": "cyan",
};

const listNames = ({ workflow, source, recipient, step }: LogEntry): string[] =>
  [workflow ?? source ?? "–", recipient === null ? "–" : formatRecipient(recipient), step ?? "–"].map(toOneLine);

/** Prints entries, one line each. Columns are as wide as the widest name so far. */
export class EntryPrinter {
  private readonly widths = [0, 0, 0];
  private day = "";

  constructor(private readonly output: Output) {}

  print(entries: readonly LogEntry[]): void {
    const { json, quiet } = this.output.verbosity;
    const rows = entries
      .filter(({ is_error }) => json || !quiet || is_error)
      .map((entry) => ({ entry, names: listNames(entry) }));
    for (const { names } of rows)
      for (const [index, name] of names.entries())
        this.widths[index] = Math.min(MAX_NAME_WIDTH, Math.max(this.widths[index] ?? 0, displayWidth(name)));
    for (const { entry, names } of rows) {
      if (json) this.output.json(entry, true);
      else this.printLine(entry, names);
    }
  }

  private printLine(entry: LogEntry, names: readonly string[]): void {
    const { output } = this;
    const { colors: paint } = output;
    const [day = "", clock = ""] = formatTime(entry.at, output.zone).split(" ");
    // A store's clock can move by days between two lines.
    if (day !== this.day) output.line(paint.bold(day));
    this.day = day;
    const columns = names.map((name, index) => padToWidth(name, this.widths[index] ?? 0)).join("  ");
    const whole = toOneLine(formatTimes(entry.text, output.zone));
    const room = Math.max(MIN_TEXT_WIDTH, output.width - displayWidth(`${clock}  ${columns}  `));
    const text = output.isTerminal ? truncateToWidth(whole, room) : whole;
    const style = entry.is_error ? "red" : STYLES[entry.event];
    output.line(`${paint.dim(clock)}  ${columns}  ${style === undefined ? text : paint[style](text)}`);
  }
}
