import type { Output } from "../../output/output.js";
import { printTable } from "../../output/print-table.js";
import type { Coverage } from "../../scenarios/coverage.js";
import { COVERAGE_KINDS } from "../../scenarios/coverage-kinds.js";
import type { MutationReport } from "./mutate-workflow.js";

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
    for (const { kind, step, text } of missing)
      if (kind === "steps" || !unreached.has(step)) output.line(`  ${step ?? "trigger"}: ${text}`);
  }
  if (!passed) output.warn(`the coverage is below ${threshold} %`);
}

/** Prints the mutants that no scenario noticed. */
export function printMutants({ total, noticed, survivors }: MutationReport, output: Output): void {
  output.line(`${noticed} of ${total} mutants noticed`);
  for (const { workflow, step, text } of survivors)
    output.line(`  ${output.colors.red("survived")} ${workflow} ${step ?? "trigger"}: ${text}`);
}
