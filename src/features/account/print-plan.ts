import { diffTexts } from "../../comparison/diff-texts.js";
import { escapeToOneLine } from "../../output/escape-controls.js";
import type { Output } from "../../output/output.js";
import { truncateToWidth } from "../../output/print-table.js";
import { formatCount } from "../../util/format-count.js";
import { isJsonObject, type Json } from "../../util/json.js";
import type { PlannedChange, PlannedResource, PlanReport } from "./plan-report-schema.js";

/** A line of a plan, before it is printed or written as Markdown. */
interface PlanLine {
  kind: "added" | "removed" | "changed" | "same";
  depth: number;
  text: string;
}

/** The sections of a plan by what happens to their resources, in the order in which they are shown. */
export const PLAN_SECTIONS: readonly {
  title: string;
  states: readonly PlannedResource["state"][];
}[] = [
  { title: "Changed on both sides: decide which version to keep", states: ["both"] },
  { title: "To push to the account", states: ["new_here", "changed_here"] },
  { title: "To pull from the account", states: ["new_there", "changed_there", "deleted_there"] },
  { title: "Deleted here: archive in the dashboard, or pull again with --force", states: ["deleted_here"] },
];

export const STATE_LABELS: Readonly<Record<PlannedResource["state"], string>> = {
  new_here: "new",
  new_there: "new in the account",
  changed_here: "changed here",
  changed_there: "changed in the account",
  both: "changed on both sides",
  deleted_here: "deleted here",
  deleted_there: "deleted in the account",
  unchanged: "unchanged",
};

export function formatState({ state, has_base, uncommitted }: PlannedResource): string {
  const label = state === "both" && !has_base ? "differs, and was never pulled or pushed here" : STATE_LABELS[state];
  return uncommitted ? `${label}, not committed in the account` : label;
}

const isText = (value: Json): value is string => typeof value === "string";
const isLong = (value: Json): boolean =>
  isText(value) ? value.length > 40 || value.includes("\n") : JSON.stringify(value).length > 60;

/** Returns a value on one line; a condition in the form `variable operator argument`. */
function formatValue(value: Json): string {
  if (isJsonObject(value) && isText(value.variable ?? null) && isText(value.operator ?? null))
    return [value.variable, value.operator, ...(value.argument == null ? [] : [formatValue(value.argument)])].join(" ");
  return JSON.stringify(value);
}

const formatMultiline = (value: Json): string => (isText(value) ? value : JSON.stringify(value, null, 2));

function describeStep(step: string | null, value: Json): string {
  const details = isJsonObject(value) ? [value.channel_type ?? value.type, value.channel_key] : [];
  const words = details.filter((detail): detail is string => typeof detail === "string");
  return `step ${step}${words.length === 0 ? "" : ` (${words.join(", ")})`}`;
}

/** Returns the lines that describe a change: one line, or the lines of a text that differ. */
export function formatChange({ kind, step, path, before, after }: PlannedChange): PlanLine[] {
  const where = path === "" ? "" : step === null ? path : `${step} › ${path}`;
  if (kind === "moved") return [{ kind: "changed", depth: 0, text: `${where || `step ${step}`} moved` }];
  const value = kind === "removed" ? before : after;
  if (path === "") return [{ kind, depth: 0, text: describeStep(step, value) }];
  if (!isLong(before) && !isLong(after)) {
    const text = kind === "changed" ? `${formatValue(before)} → ${formatValue(after)}` : formatValue(value);
    return [{ kind, depth: 0, text: `${where}: ${text}` }];
  }
  const [old, now] = [before, after].map((text) => (text === null ? null : formatMultiline(text)));
  // The line break at the end of both texts would be an empty line.
  const hasLineBreak = old?.endsWith("\n") && now?.endsWith("\n");
  const trim = (text: string | null | undefined): string | null =>
    text == null ? null : hasLineBreak ? text.slice(0, -1) : text;
  const lines = diffTexts(trim(old), trim(now));
  const texts = lines.map(
    ({ kind: line, text }): PlanLine => ({ kind: line === "gap" ? "same" : line, depth: 1, text }),
  );
  return [{ kind, depth: 0, text: where }, ...texts];
}

const MARKS = { added: "+", removed: "-", changed: "~", same: " " } as const;
const STATE_MARKS: Partial<Record<PlannedResource["state"], keyof typeof MARKS>> = {
  new_here: "added",
  new_there: "added",
  deleted_here: "removed",
  deleted_there: "removed",
};

function paintLine(line: PlanLine, indent: string, { colors: paint, width, isTerminal }: Output): string {
  const text = `${indent}${"  ".repeat(line.depth)}${MARKS[line.kind]} ${escapeToOneLine(line.text)}`;
  const shown = isTerminal ? truncateToWidth(text, width) : text;
  if (line.kind === "added") return paint.green(shown);
  if (line.kind === "removed") return paint.red(shown);
  return line.kind === "changed" ? paint.yellow(shown) : paint.dim(shown);
}

function printResource(resource: PlannedResource, output: Output, nameWidth: number): void {
  const kind = resource.state === "both" ? "!" : MARKS[STATE_MARKS[resource.state] ?? "changed"];
  output.line(`  ${kind} ${resource.resource.padEnd(nameWidth)}  ${formatState(resource)}`);
  for (const change of resource.changes)
    for (const line of formatChange(change)) output.line(paintLine(line, "      ", output));
}

export const MISSING_LABELS = {
  channel: "channel",
  channel_group: "channel group",
  variable: "variable",
  category: "preference category",
} as const;

/** The number of resources that a text names. */
export const MAX_NAMED = 3;

/** Returns the first names, and the number of the others. */
export function listNames(resources: readonly string[]): string {
  const named = resources.slice(0, MAX_NAMED).join(", ");
  return resources.length > MAX_NAMED ? `${named} and ${resources.length - MAX_NAMED} more` : named;
}

/** Returns the totals: `2 to push, 1 to pull, 1 conflict (24 unchanged)`. */
export function formatPlanSummary({ summary, resources }: PlanReport): string {
  const { push, pull, conflicts, unchanged } = summary;
  const deleted = resources.filter(({ state }) => state === "deleted_here").length;
  const parts = [
    ...(push > 0 ? [`${push} to push`] : []),
    ...(pull > 0 ? [`${pull} to pull`] : []),
    ...(conflicts > 0 ? [formatCount(conflicts, "conflict")] : []),
    ...(deleted > 0 ? [`${deleted} deleted here`] : []),
  ];
  return parts.length === 0
    ? `no differences (${unchanged} unchanged)`
    : `${parts.join(", ")} (${unchanged} unchanged)`;
}

export const formatScope = ({
  account,
  environment,
  branch,
}: Pick<PlanReport, "account" | "environment" | "branch">): string =>
  `${account}, ${environment}${branch === null ? "" : `, branch ${branch}`}`;

function printIncompletePush(
  { pushed, not_pushed, not_committed }: NonNullable<PlanReport["incomplete_push"]>,
  output: Output,
): void {
  output.line(output.colors.bold("Incomplete push"));
  const lists = [
    ["pushed", pushed],
    ["not pushed", not_pushed],
    ["not committed", not_committed],
  ] as const;
  for (const [label, names] of lists) if (names.length > 0) output.line(`    ${label}: ${listNames(names)}`);
  output.line(output.nameCommand("    Continue with: knock push --resume\n"));
}

/** Prints a plan by what happens to the resources. `--quiet` prints only the names of those that differ. */
export function printPlan(report: PlanReport, output: Output): void {
  const { verbosity, colors: paint } = output;
  const { resources } = report;
  if (verbosity.json) return output.json(report);
  const different = resources.filter(({ state }) => state !== "unchanged");
  if (verbosity.quiet) return output.lines(different.map(({ resource }) => resource));
  output.line(`${paint.bold(formatScope(report))}\n`);
  const nameWidth = Math.min(40, Math.max(0, ...resources.map(({ resource }) => resource.length)));
  for (const { title, states } of PLAN_SECTIONS) {
    const shown = different.filter(({ state }) => states.includes(state));
    if (shown.length === 0) continue;
    output.line(paint.bold(title));
    for (const resource of shown) printResource(resource, output, nameWidth);
    output.line();
  }
  const uncommitted = resources.filter(
    ({ state, uncommitted: isUncommitted }) => state === "unchanged" && isUncommitted,
  );
  if (uncommitted.length > 0) {
    output.line(paint.bold("Equal, but not committed in the account"));
    for (const { resource } of uncommitted) output.line(`    ${resource}`);
    output.line();
  }
  if (report.missing.length > 0) {
    output.line(paint.bold("Missing in the account"));
    for (const { kind, name, resources: users } of report.missing)
      output.line(`  ${paint.red("!")} ${MISSING_LABELS[kind]} ${paint.bold(name)}  used by ${listNames(users)}`);
    output.line();
  }
  if (report.incomplete_push !== null) printIncompletePush(report.incomplete_push, output);
  for (const note of report.notes) output.note(`note: ${note}`);
  const mark = different.length > 0 ? paint.yellow("~") : paint.green("✓");
  output.line(`${mark} ${formatPlanSummary(report)}`);
}
