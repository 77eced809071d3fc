import type { Output } from "../../../output/output.js";
import { formatMilliseconds, formatScenarioProblems } from "../../../scenarios/format-failure.js";
import type { EmailReport, ReportedFile, ReportedScenario, TestReport } from "../../../scenarios/test-report.js";
import type { CreateReporter } from "./reporter.js";

const SYMBOLS = { passed: "✓", failed: "✗", broken: "!", skipped: "–" } as const;

/** The number of slowest scenarios that `--verbose` lists. */
const MAX_SLOWEST = 5;

function formatSymbol(status: ReportedScenario["status"], { colors: paint }: Output): string {
  const symbol = SYMBOLS[status];
  if (status === "passed") return paint.green(symbol);
  return status === "skipped" ? paint.dim(symbol) : paint.red(symbol);
}

/** Prints the scenarios of a file. `--quiet` prints only those that did not pass. */
function printFile(reported: ReportedFile, output: Output): void {
  const { file, scenarios, error } = reported;
  const { verbosity, colors: paint } = output;
  const isShown = ({ status }: ReportedScenario): boolean =>
    !verbosity.quiet || status === "failed" || status === "broken";
  if (error === null && !scenarios.some(isShown)) return;
  output.line(paint.bold(file));
  if (error !== null) {
    output.line(`  ${formatSymbol("broken", output)} ${error.message}`);
    if (error.hint !== null) output.line(`    ${output.nameCommand(error.hint)}`);
  }
  for (const scenario of scenarios.filter(isShown)) {
    const suffix = scenario.skip === null ? formatMilliseconds(scenario.duration_ms) : `skipped: ${scenario.skip}`;
    output.line(`  ${formatSymbol(scenario.status, output)} ${scenario.name}  ${paint.dim(suffix)}`);
    for (const line of formatScenarioProblems(reported, scenario, output)) output.line(`    ${line}`);
  }
}

function printSlowest({ files }: TestReport, output: Output): void {
  const slowest = files
    .flatMap(({ file, scenarios }) => scenarios.map(({ name, duration_ms }) => ({ file, name, duration_ms })))
    .sort((a, b) => b.duration_ms - a.duration_ms)
    .slice(0, MAX_SLOWEST);
  if (slowest.length === 0) return;
  output.line(output.colors.bold("slowest"));
  for (const { file, name, duration_ms } of slowest)
    output.line(`  ${formatMilliseconds(duration_ms).padStart(8)}  ${name}  ${output.colors.dim(file)}`);
}

const formatSnapshots = (count: number, adjective = ""): string =>
  `${count} ${adjective}${count === 1 ? "snapshot" : "snapshots"}`;

function printSnapshots({ files }: TestReport, output: Output): void {
  for (const { file, snapshots } of files) {
    const { added, updated, obsolete } = snapshots;
    if (added > 0) output.note(`${file}: ${formatSnapshots(added)} written`);
    if (updated > 0) output.note(`${file}: ${formatSnapshots(updated)} updated`);
    if (obsolete.length > 0)
      output.warn(
        `${file}: ${formatSnapshots(obsolete.length, "obsolete ")} (run with --update to remove ${obsolete.length === 1 ? "it" : "them"}): ${obsolete.join(", ")}`,
      );
  }
}

function printTotals({ summary, duration_ms }: TestReport, output: Output): void {
  const { colors: paint } = output;
  const counts = (["passed", "failed", "broken", "skipped"] as const)
    .filter((status) => summary[status] > 0 || status === "passed")
    .map((status) => {
      const text = `${summary[status]} ${status}`;
      return status === "passed" ? paint.green(text) : status === "skipped" ? text : paint.red(text);
    });
  output.line(
    `${counts.join(" · ")}  ${paint.dim(`${summary.files} ${summary.files === 1 ? "file" : "files"}, ${formatMilliseconds(duration_ms)}`)}`,
  );
}

/** Prints each file as its scenarios end, then the totals, with the slowest scenarios before them for `--verbose`. */
export const createTerminalReporter: CreateReporter = ({ output }) => ({
  addFile: (file) => printFile(file, output),
  async finish(report) {
    const printEmails = async (emails: EmailReport): Promise<void> =>
      (await import("../print-email-findings.js")).printEmails(emails, output);
    printSnapshots(report, output);
    if (output.verbosity.verbose) printSlowest(report, output);
    const { coverage, mutation, emails } = report;
    const { quiet } = output.verbosity;
    // Without a threshold, the coverage is only printed because it was asked for.
    const isCoverageShown = coverage !== null && !(quiet && coverage.threshold !== null && coverage.passed);
    const areMutantsShown = mutation !== null && !(quiet && mutation.survivors.length === 0);
    if (isCoverageShown || areMutantsShown) {
      const { printCoverage, printMutants } = await import("../print-coverage.js");
      if (!quiet) output.line("");
      if (isCoverageShown) printCoverage(coverage, output);
      if (isCoverageShown && areMutantsShown) output.line("");
      if (areMutantsShown) printMutants(mutation, output);
    }
    if (emails !== null && !(quiet && emails.findings.length === 0)) await printEmails(emails);
    if (!quiet) printTotals(report, output);
  },
});
