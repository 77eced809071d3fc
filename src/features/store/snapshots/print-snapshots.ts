import { escapeToOneLine } from "../../../output/escape-controls.js";
import { formatTime } from "../../../output/format-time.js";
import type { Output } from "../../../output/output.js";
import { printTable } from "../../../output/print-table.js";
import { formatNumber } from "../../../util/format-count.js";
import type { ListedSnapshot, Snapshot } from "./snapshot-schemas.js";

const UNITS = ["kB", "MB", "GB"];

/** Returns a size such as `1.2 MB`. */
function formatSize(bytes: number): string {
  let [value, unit] = [bytes / 1_000, 0];
  while (value >= 1_000 && unit < UNITS.length - 1) [value, unit] = [value / 1_000, unit + 1];
  return `${value < 10 ? value.toFixed(1) : formatNumber(Math.round(value))} ${UNITS[unit]}`;
}

const formatCount = (count: number, noun: string): string => `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;

const formatContents = ({ users, runs, messages }: Snapshot): string =>
  [formatCount(users, "user"), formatCount(runs, "run"), formatCount(messages, "message")].join(", ");

/** Returns the time of a clock that was moved, at the time when the snapshot was saved; "" for real time. */
function formatClock({ clock: { now, frozen } }: Pick<Snapshot, "clock">, savedAt: string, { zone }: Output): string {
  return frozen || now !== savedAt ? `${formatTime(now, zone)}${frozen ? " (frozen)" : ""}` : "";
}

export function printSavedSnapshot(snapshot: Snapshot & { replaced: boolean }, output: Output): void {
  const { verbosity, colors } = output;
  if (verbosity.json) return output.json(snapshot);
  if (verbosity.quiet) return;
  const verb = snapshot.replaced ? "replaced" : "saved";
  const size = formatSize(snapshot.size_bytes);
  output.line(
    `${colors.green("✓")} ${verb} snapshot ${colors.bold(snapshot.name)}: ${formatContents(snapshot)} (${size})`,
  );
  if (verbosity.verbose) output.line(`  ${escapeToOneLine(snapshot.file)}`);
}

export function printSnapshots(items: readonly ListedSnapshot[], output: Output): void {
  const { verbosity, zone } = output;
  if (verbosity.json) return output.json({ items });
  if (verbosity.quiet) return output.lines(items.map(({ name }) => name));
  if (items.length === 0) return output.line("no snapshots");
  const rows = items.map(({ name, saved_at, size_bytes, contents }) => [
    ...[name, formatTime(saved_at, zone), formatSize(size_bytes)],
    ...(contents === null
      ? ["", "", "", ""]
      : [
          ...[contents.users, contents.runs, contents.messages].map(formatNumber),
          formatClock(contents, saved_at, output),
        ]),
  ]);
  printTable(["SNAPSHOT", "SAVED", "SIZE", "USERS", "RUNS", "MESSAGES", "CLOCK"], rows, output);
  for (const { name, problem } of items) if (problem !== null) output.warn(`${name}: ${problem}`);
}

export function printRestoredSnapshot(snapshot: Snapshot & { store: string }, output: Output): void {
  const { verbosity, colors } = output;
  if (verbosity.json) return output.json(snapshot);
  if (verbosity.quiet) return;
  output.line(`${colors.green("✓")} restored snapshot ${colors.bold(snapshot.name)}: ${formatContents(snapshot)}`);
  if (verbosity.verbose) output.line(`  ${escapeToOneLine(snapshot.store)}`);
}

export function printDeletedSnapshot(name: string, output: Output): void {
  const { verbosity, colors } = output;
  if (verbosity.json) return output.json({ name, deleted: true });
  if (!verbosity.quiet) output.line(`${colors.green("✓")} deleted snapshot ${colors.bold(name)}`);
}
