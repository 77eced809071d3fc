import { escapeToOneLine } from "../../../output/escape-controls.js";
import type { Output } from "../../../output/output.js";
import { formatNumber } from "../../../util/format-count.js";
import type { FieldChange, SnapshotDiff } from "./diff-schema.js";

type Item = SnapshotDiff["recipients" | "preferences" | "runs" | "messages"]["items"][number];

const SIGNS = { added: "+", changed: "~", removed: "-" } as const;
/** The most values of a recipient on a line. */
const MAX_FIELDS = 3;
const MAX_VALUE_LENGTH = 60;

function formatValue(value: unknown): string {
  if (value === undefined) return "none";
  const text = JSON.stringify(value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
}

const formatField = ({ path, ...values }: FieldChange): string =>
  "before" in values || "after" in values
    ? `${path}: ${formatValue(values.before)} → ${formatValue(values.after)}`
    : path;

function formatFields(fields: readonly FieldChange[]): string {
  const more = fields.length > MAX_FIELDS ? `; ${fields.length - MAX_FIELDS} more` : "";
  return fields.slice(0, MAX_FIELDS).map(formatField).join("; ") + more;
}

/** Returns the words of a line about an item. */
function describeItem(item: Item): string[] {
  if ("fields" in item) return [item.recipient, formatFields(item.fields)];
  const { change, before, after, id, workflow, recipient } = item;
  const status = change === "changed" && before !== after ? `${before} → ${after}` : (after ?? before ?? "");
  const place = "step" in item ? `${item.step} (${item.channel})` : "";
  return [id, workflow, place, recipient, status];
}

export function printSnapshotDiff(diff: SnapshotDiff, output: Output): void {
  const { verbosity, colors } = output;
  if (verbosity.json) return output.json(diff);
  if (verbosity.quiet) return;
  const kinds = ["recipients", "preferences", "runs", "messages"] as const;
  const total = kinds.reduce((sum, kind) => sum + diff[kind].added + diff[kind].changed + diff[kind].removed, 0);
  if (total === 0)
    return output.line(`${colors.green("✓")} no differences between ${diff.before} and ${diff.after ?? "the store"}`);
  for (const kind of kinds) {
    const { added, changed, removed, items } = diff[kind];
    const counts = Object.entries({ added, changed, removed }).filter(([, count]) => count > 0);
    if (counts.length === 0) continue;
    output.line(`${colors.bold(kind)}: ${counts.map(([name, count]) => `${formatNumber(count)} ${name}`).join(", ")}`);
    for (const item of items) {
      const words = describeItem(item).filter((word) => word !== "");
      output.line(`  ${SIGNS[item.change]} ${escapeToOneLine(words.join("  "))}`);
    }
    const rest = added + changed + removed - items.length;
    if (rest > 0) output.line(`  … ${formatNumber(rest)} more; raise --limit to see them`);
  }
}
