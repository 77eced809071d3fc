import type { Output } from "../../output/output.js";
import { printTable } from "../../output/print-table.js";
import type { Coverage } from "../../scenarios/coverage.js";
import { COVERAGE_KINDS } from "../../scenarios/coverage-kinds.js";
import { readReason } from "../../scenarios/list-coverage-items.js";
import type { MutantDescription, MutationReport } from "../../scenarios/mutate-workflow.js";
import { formatCount } from "../../util/format-count.js";

/** Returns where a condition of a template is, as the end of a line. Empty for other parts. */
function formatLocation(
  { file, line, column }: Pick<MutantDescription, "file" | "line" | "column">,
  { colors }: Output,
): string {
  return file === null ? "" : `  ${colors.dim(`${file}:${line}:${column}`)}`;
}

const formatShare = ({ covered, total, percent }: Coverage["total"]["steps"]): string =>
  total === 0 ? "" : `${percent} % (${covered}/${total})`;

type Missing = Coverage["workflows"][number]["missing"];

/** How many missing parts of a workflow are listed, and how many reasons. */
const MAX_PARTS = 5;
const MAX_REASONS = 3;

/** The reasons that a scenario causes with one line, easiest first. Others follow. */
const EASY_REASONS = ["preference", "missing_recipient_data", "condition", "trigger_frequency"];

const rankReason = (reason: string): number =>
  EASY_REASONS.includes(reason) ? EASY_REASONS.indexOf(reason) : EASY_REASONS.length;

/** Returns the missing parts that are worth a line. A step that is never executed is one line, because nothing in it can be reached. */
function selectReachable(missing: Missing): Missing {
  const unreached = new Set(missing.flatMap(({ kind, step }) => (kind === "steps" ? [step] : [])));
  return missing.filter(({ kind, step }) => kind === "steps" || !unreached.has(step));
}

/** Prints the first parts of a workflow that no scenario reached, without reasons. */
function printParts(workflow: string, missing: Missing, output: Output): void {
  const parts = selectReachable(missing).filter(({ kind }) => kind !== "reasons");
  if (parts.length === 0) return;
  output.line("");
  output.line(`not covered in ${output.colors.bold(workflow)}`);
  for (const { step, text, ...location } of parts.slice(0, MAX_PARTS))
    output.line(`  ${step ?? "trigger"}: ${text}${formatLocation(location, output)}`);
  const hidden = parts.length - MAX_PARTS;
  if (hidden > 0) output.line(`  and ${hidden} more: --json lists all`);
}

/** Returns the reasons of a workflow that never occur in one line, those that are easy to cause first. Null if all occur. */
function describeReasons(missing: Missing): string | null {
  const steps = new Map<string, string[]>();
  const reasons = selectReachable(missing)
    .filter(({ kind }) => kind === "reasons")
    .map(({ step, text }) => ({ step: step ?? "trigger", reason: readReason(text) }))
    .sort((a, b) => rankReason(a.reason) - rankReason(b.reason));
  if (reasons.length === 0) return null;
  for (const { step, reason } of reasons.slice(0, MAX_REASONS)) steps.set(reason, [...(steps.get(reason) ?? []), step]);
  const shown = [...steps].map(([reason, refs]) => `${reason} (${refs.join(", ")})`).join(", ");
  const hidden = reasons.length - MAX_REASONS;
  return hidden > 0 ? `${shown}, and ${hidden} more` : shown;
}

/** Prints the reasons that no scenario causes, one line for each workflow. */
function printReasons(workflows: Coverage["workflows"], output: Output): void {
  const lines = workflows.flatMap(({ workflow, missing }) => {
    const reasons = describeReasons(missing);
    return reasons === null ? [] : [`  ${output.colors.bold(workflow)}: ${reasons}`];
  });
  if (lines.length === 0) return;
  output.line("");
  output.line("reasons that never occur (they don't count for the threshold; --json lists all)");
  for (const line of lines) output.line(line);
}

/** Prints the coverage of each workflow, and the parts that no scenario reached. */
export function printCoverage({ workflows, total, threshold, passed }: Coverage, output: Output): void {
  const rows = workflows.map((row) => [row.workflow, ...COVERAGE_KINDS.map((kind) => formatShare(row[kind]))]);
  const totals = ["total", ...COVERAGE_KINDS.map((kind) => formatShare(total[kind]))];
  printTable(["WORKFLOW", ...COVERAGE_KINDS.map((kind) => kind.toUpperCase())], [...rows, totals], output);
  for (const { workflow, missing } of workflows) printParts(workflow, missing, output);
  printReasons(workflows, output);
  if (!passed) output.warn(`the coverage is below ${threshold} %`);
}

/** Returns the change of a mutant that no scenario noticed, as a sentence about the workflow. */
function describeSurvivor({ kind, step, text }: MutantDescription): string {
  const place = step ?? "trigger";
  return kind === "step" ? `nothing fails without ${place}` : `nothing fails if ${place}: ${text}`;
}

/** Prints the mutants that no scenario noticed. */
export function printMutants({ total, noticed, survivors }: MutationReport, output: Output): void {
  output.line(`Tests caught ${noticed} of ${formatCount(total, "change")}`);
  for (const survivor of survivors) {
    const { red } = output.colors;
    output.line(`  ${red(survivor.workflow)} ${describeSurvivor(survivor)}${formatLocation(survivor, output)}`);
    output.line(`    ${survivor.advice}`);
  }
}
