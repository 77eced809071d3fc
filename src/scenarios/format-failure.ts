import { diffLines } from "diff";
import type { Output } from "../output/output.js";
import { formatDecision } from "../output/print-runs.js";
import type { ReportedFile, ReportedScenario } from "./test-report.js";

type Failure = ReportedScenario["failures"][number];

/** The parts of a failure that contain the expected and the found value, and the conditions that decided it. */
type Comparison = Pick<Failure, "expected" | "found" | "explanation">;

export const formatMilliseconds = (milliseconds: number): string =>
  milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(2)} s`;

/** Returns the lines of both texts, with the differences marked. */
function formatDiff(expected: string, found: string, { colors: paint }: Output): string[] {
  return diffLines(`${expected}\n`, `${found}\n`).flatMap(({ value, added, removed }) =>
    value
      .replace(/\n$/, "")
      .split("\n")
      .map((line) => (added ? paint.red(`+ ${line}`) : removed ? paint.green(`- ${line}`) : paint.dim(`  ${line}`))),
  );
}

function formatComparison({ expected, found }: Comparison, output: Output): string[] {
  const { colors: paint } = output;
  if (`${expected}${found}`.includes("\n"))
    return [`${paint.green("- expected")}  ${paint.red("+ found")}`, ...formatDiff(expected, found, output)];
  return [`expected  ${paint.green(expected)}`, `found     ${paint.red(found)}`];
}

/** Returns the position of a failure or an error, as editors and terminals link it. */
function formatPosition({ file }: ReportedFile, { line, column }: { line: number; column: number }): string {
  return `${file}:${line}:${column}`;
}

/** Returns the comparison of a failure, and why the engine decided as it did. */
export function formatFailureDetails(failure: Comparison, output: Output): string[] {
  const decision = failure.explanation === null ? [] : formatDecision(failure.explanation, output);
  const why = decision.length === 0 ? [] : ["why", ...decision.map((line) => `  ${line}`)];
  return [...formatComparison(failure, output), ...why];
}

/** Returns the first line of a failure, for formats that have a title. */
export function formatFailureTitle({ subject, expected, found }: Failure): string {
  return `${expected}${found}`.includes("\n")
    ? `${subject}: different from what was expected`
    : `${subject}: expected ${expected}, found ${found}`;
}

/** Returns why a scenario did not pass, as lines without a title. Empty if it passed or was skipped. */
export function formatScenarioProblems(file: ReportedFile, scenario: ReportedScenario, output: Output): string[] {
  const { error, failures } = scenario;
  return [
    ...(error === null
      ? []
      : [`${formatPosition(file, error)}  ${error.message}`, ...(error.hint ? [error.hint] : [])]),
    ...failures.flatMap((failure) => [
      `${output.colors.bold(failure.subject)}  ${output.colors.dim(`step ${failure.step}, ${formatPosition(file, failure)}`)}`,
      ...formatFailureDetails(failure, output).map((line) => `  ${line}`),
    ]),
  ];
}
