import { diffLines } from "diff";
import type { ReportedFile, ReportedScenario, TestReport } from "../domain/scenario/test-report.js";
import type { Output } from "./output.js";
import { printCoverage, printMutants } from "./print-coverage.js";
import { formatDecision } from "./print-runs.js";

const MARKS = { passed: "✓", failed: "✗", broken: "!", skipped: "–" } as const;

function formatMark(status: ReportedScenario["status"], { colors: paint }: Output): string {
  const mark = MARKS[status];
  if (status === "passed") return paint.green(mark);
  return status === "skipped" ? paint.dim(mark) : paint.red(mark);
}

const formatMilliseconds = (milliseconds: number): string =>
  milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(2)} s`;

const formatSnapshots = (count: number, adjective = ""): string =>
  `${count} ${adjective}${count === 1 ? "snapshot" : "snapshots"}`;

/** Returns the lines of both texts, with the differences marked. */
function formatDiff(expected: string, found: string, { colors: paint }: Output): string[] {
  return diffLines(`${expected}\n`, `${found}\n`).flatMap(({ value, added, removed }) =>
    value
      .replace(/\n$/, "")
      .split("\n")
      .map((line) => (added ? paint.red(`+ ${line}`) : removed ? paint.green(`- ${line}`) : paint.dim(`  ${line}`))),
  );
}

function formatComparison(expected: string, found: string, output: Output): string[] {
  const { colors: paint } = output;
  if (`${expected}${found}`.includes("\n"))
    return [`${paint.green("- expected")}  ${paint.red("+ found")}`, ...formatDiff(expected, found, output)];
  return [`expected  ${paint.green(expected)}`, `found     ${paint.red(found)}`];
}

function printFailedScenario(scenario: ReportedScenario, file: string, output: Output): void {
  const { colors: paint } = output;
  if (scenario.error !== null) {
    const { message, hint, line, column } = scenario.error;
    output.line(`    ${file}:${line}:${column}  ${message}`);
    if (hint !== null) output.line(`    ${hint}`);
  }
  for (const failure of scenario.failures) {
    output.line(
      `    ${paint.bold(failure.subject)}  ${paint.dim(`step ${failure.step}, ${file}:${failure.line}:${failure.column}`)}`,
    );
    for (const line of formatComparison(failure.expected, failure.found, output)) output.line(`      ${line}`);
    const decision = failure.explanation === null ? [] : formatDecision(failure.explanation, output);
    if (decision.length > 0) output.line(`      why`);
    for (const line of decision) output.line(`        ${line}`);
  }
}

/** Prints the scenarios of a file as they end. `--quiet` prints only those that did not pass. */
export function printTestFile({ file, scenarios, error }: ReportedFile, output: Output): void {
  const { verbosity, colors: paint } = output;
  if (verbosity.json) return;
  const isShown = ({ status }: ReportedScenario): boolean =>
    !verbosity.quiet || status === "failed" || status === "broken";
  if (error === null && !scenarios.some(isShown)) return;
  output.line(paint.bold(file));
  if (error !== null) {
    output.line(`  ${formatMark("broken", output)} ${error.message}`);
    if (error.hint !== null) output.line(`    ${error.hint}`);
  }
  for (const scenario of scenarios.filter(isShown)) {
    const suffix = scenario.skip === null ? formatMilliseconds(scenario.duration_ms) : `skipped: ${scenario.skip}`;
    output.line(`  ${formatMark(scenario.status, output)} ${scenario.name}  ${paint.dim(suffix)}`);
    printFailedScenario(scenario, file, output);
  }
}

/** Prints the totals, or the whole report with `--json`. */
export function printTestSummary(report: TestReport, output: Output): void {
  if (output.verbosity.json) return output.json(report);
  const { colors: paint } = output;
  const { summary, files, duration_ms } = report;
  for (const { file, snapshots } of files) {
    const { added, updated, obsolete } = snapshots;
    if (added > 0) output.note(`${file}: ${formatSnapshots(added)} written`);
    if (updated > 0) output.note(`${file}: ${formatSnapshots(updated)} updated`);
    if (obsolete.length > 0)
      output.warn(
        `${file}: ${formatSnapshots(obsolete.length, "obsolete ")} (run with --update to remove ${obsolete.length === 1 ? "it" : "them"}): ${obsolete.join(", ")}`,
      );
  }
  if (output.verbosity.quiet) {
    if (report.coverage?.passed === false) output.warn(`the coverage is below ${report.coverage.threshold} %`);
    return;
  }
  const counts = (["passed", "failed", "broken", "skipped"] as const)
    .filter((status) => summary[status] > 0 || status === "passed")
    .map((status) => {
      const text = `${summary[status]} ${status}`;
      return status === "passed" ? paint.green(text) : status === "skipped" ? text : paint.red(text);
    });
  if (report.coverage !== null) printCoverage(report.coverage, output);
  if (report.mutation !== null) printMutants(report.mutation, output);
  output.line(
    `${counts.join(" · ")}  ${paint.dim(`${summary.files} ${summary.files === 1 ? "file" : "files"}, ${formatMilliseconds(duration_ms)}`)}`,
  );
}
