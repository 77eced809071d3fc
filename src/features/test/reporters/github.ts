import { escapeMarkdownCell, formatAnnotationCommand, formatErrorCommand } from "../../../output/github-commands.js";
import type { Output } from "../../../output/output.js";
import { formatFailureDetails, formatMilliseconds } from "../../../scenarios/format-failure.js";
import type { ReportedFile, ReportedScenario, TestReport } from "../../../scenarios/test-report.js";
import { formatFirstMessage } from "../print-email-findings.js";
import type { CreateReporter } from "./reporter.js";

/** Limits the rows of the job summary, of which GitHub accepts up to 1 MiB for each step. */
const MAX_SUMMARY_ROWS = 200;
/** Limits the text of a cell, in UTF-16 code units. Escaping makes it up to ten times as long. */
const MAX_CELL_LENGTH = 200;

/** A result that did not pass, at a position of a file. */
interface Problem {
  file: string;
  line: number;
  column: number;
  title: string;
  /** The compared value, or nothing for an error. */
  subject: string;
  expected: string;
  found: string;
  message: string;
}

function listScenarioProblems({ file }: ReportedFile, scenario: ReportedScenario, output: Output): Problem[] {
  const { name: title, error, failures } = scenario;
  if (error !== null) {
    const { line, column, message, hint } = error;
    const text = [message, ...(hint === null ? [] : [hint])].join("\n");
    return [{ file, line, column, title, subject: "", expected: "", found: message, message: text }];
  }
  return failures.map((failure) => {
    const { line, column, subject, expected, found } = failure;
    const message = [subject, ...formatFailureDetails(failure, output)].join("\n");
    return { file, line, column, title, subject, expected, found, message };
  });
}

/** Returns the problem of a file that could not be read. Its message starts with the position, if there is one. */
function listFileProblems({ file, error }: ReportedFile): Problem[] {
  if (error === null) return [];
  const rest = error.message.startsWith(`${file}:`) ? error.message.slice(file.length) : error.message;
  const [, line = "1", column = "1"] = /^:(\d+):(\d+): /.exec(rest) ?? [];
  const { message } = error;
  const position = { line: Number(line), column: Number(column) };
  return [{ file, ...position, title: "knock test", subject: "", expected: "", found: message, message }];
}

function formatCell(text: string): string {
  return escapeMarkdownCell(text.length > MAX_CELL_LENGTH ? `${text.slice(0, MAX_CELL_LENGTH)}…` : text);
}

function formatSummary({ summary, duration_ms }: TestReport, problems: readonly Problem[]): string {
  const { passed, failed, broken, skipped, files } = summary;
  const totals = `${passed} passed, ${failed} failed, ${broken} broken, ${skipped} skipped`;
  const rows = problems
    .slice(0, MAX_SUMMARY_ROWS)
    .map(({ file, line, title, subject, expected, found }) =>
      ["", `${formatCell(file)}&#58;${line}`, ...[title, subject, expected, found].map(formatCell), ""]
        .join(" | ")
        .trim(),
    );
  const hidden = problems.length - rows.length;
  return [
    `### ${failed + broken > 0 ? "✗" : "✓"} knock test`,
    "",
    `${totals} in ${files} ${files === 1 ? "file" : "files"}, ${formatMilliseconds(duration_ms)}`,
    "",
    ...(rows.length === 0
      ? []
      : ["| Position | Scenario | Compared | Expected | Found |", "|---|---|---|---|---|", ...rows, ""]),
    ...(hidden > 0 ? [`${hidden} more in the log`, ""] : []),
    "",
  ].join("\n");
}

/** Writes an annotation for each failure to standard error, and the job summary. */
export const createGitHubReporter: CreateReporter = ({ output, toWorkspacePath, appendJobSummary }) => ({
  finish(report) {
    const problems = report.files.flatMap((file) => [
      ...listFileProblems(file),
      ...file.scenarios.flatMap((scenario) => listScenarioProblems(file, scenario, output)),
    ]);
    for (const { file, line, column, title, message } of problems)
      output.errorLine(formatErrorCommand({ file: toWorkspacePath(file), line, col: column, title }, message));
    for (const { file, line, column, severity, code, ...finding } of report.emails?.findings ?? []) {
      const position = { file: toWorkspacePath(file), line, col: column };
      const text = `${finding.message}\n${formatFirstMessage(finding.messages)}`;
      output.errorLine(formatAnnotationCommand(severity, { ...position, title: code }, text));
    }
    appendJobSummary(formatSummary(report, problems));
  },
});
