import type { Output } from "../../output/output.js";
import { printTable } from "../../output/print-table.js";
import type { Coverage } from "../../scenarios/coverage.js";
import { COVERAGE_KINDS } from "../../scenarios/coverage-kinds.js";
import { formatCount } from "../../util/format-count.js";
import type { MutantDescription, MutationReport } from "./mutate-workflow.js";

/** Returns where a condition of a template is, as the end of a line. Empty for other parts. */
function formatLocation(
  { file, line, column }: Pick<MutantDescription, "file" | "line" | "column">,
  { colors }: Output,
): string {
  return file === null ? "" : `  ${colors.dim(`${file}:${line}:${column}`)}`;
}

const formatShare = ({ covered, total, percent }: Coverage["total"]["steps"]): string =>
  total === 0 ? "" : `${percent} % (${covered}/${total})`;

/** Prints the coverage of each workflow, and the parts that no scenario reached. */
export function printCoverage({ workflows, total, threshold, passed }: Coverage, output: Output): void {
  const { colors: paint } = output;
  const rows = workflows.map((row) => [row.workflow, ...COVERAGE_KINDS.map((kind) => formatShare(row[kind]))]);
  const totals = ["total", ...COVERAGE_KINDS.map((kind) => formatShare(total[kind]))];
  printTable(["WORKFLOW", ...COVERAGE_KINDS.map((kind) => kind.toUpperCase())], [...rows, totals], output);
  for (const { workflow, missing } of workflows) {
    if (missing.length === 0) continue;
    output.line("");
    output.line(`not covered in ${paint.bold(workflow)}`);
    // A step that is never executed is one line, because nothing in it can be reached.
    const unreached = new Set(missing.flatMap(({ kind, step }) => (kind === "steps" ? [step] : [])));
    for (const { kind, step, text, ...location } of missing)
      if (kind === "steps" || !unreached.has(step))
        output.line(`  ${step ?? "trigger"}: ${text}${formatLocation(location, output)}`);
  }
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
  }
}
