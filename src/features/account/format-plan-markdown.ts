import { formatCode, formatCodeBlock } from "../../output/markdown.js";
import type { PlannedResource, PlanReport } from "./plan-report-schema.js";
import {
  formatChange,
  formatPlanSummary,
  formatScope,
  formatState,
  listNames,
  MISSING_LABELS,
  PLAN_SECTIONS,
} from "./print-plan.js";

const MARKS = { added: "+", removed: "-", changed: "!", same: " " } as const;

/** Returns the changes of a resource as a block that code hosts color. */
function formatChanges({ changes }: PlannedResource): string[] {
  if (changes.length === 0) return [];
  const lines = changes
    .flatMap(formatChange)
    .flatMap(({ kind, text }) => text.split("\n").map((line) => `${MARKS[kind]} ${line}`));
  return ["", ...formatCodeBlock(lines, "diff"), ""];
}

/** Returns a plan as Markdown for a review, such as a comment on a pull request. */
export function formatPlanMarkdown(report: PlanReport): string {
  const lines = [`### Plan for ${formatScope(report)}`, "", `${formatPlanSummary(report)}.`, ""];
  for (const { title, states } of PLAN_SECTIONS) {
    const shown = report.resources.filter(({ state }) => states.includes(state));
    if (shown.length === 0) continue;
    lines.push(`#### ${title}`, "");
    for (const resource of shown)
      lines.push(`- ${formatCode(resource.resource)}: ${formatState(resource)}`, ...formatChanges(resource));
    if (lines.at(-1) !== "") lines.push("");
  }
  if (report.missing.length > 0) {
    lines.push("#### Missing in the account", "");
    for (const { kind, name, resources } of report.missing)
      lines.push(`- ${MISSING_LABELS[kind]} ${formatCode(name)}, used by ${listNames(resources)}`);
    lines.push("");
  }
  for (const note of report.notes) lines.push(`> ${note}`, "");
  return `${lines.join("\n").trimEnd()}\n`;
}
