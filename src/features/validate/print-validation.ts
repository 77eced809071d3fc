import type { ProjectFinding, ValidationReport } from "../../checks/project-finding.js";
import { formatAnnotationCommand } from "../../output/github-commands.js";
import type { Output } from "../../output/output.js";
import { formatCount } from "../../util/format-count.js";
import { parsePointer } from "../../util/json.js";

/** The values of `knock validate --format`. */
export const VALIDATION_FORMATS = ["text", "json", "sarif", "github", "gitlab"] as const;

interface ReportOptions {
  format: (typeof VALIDATION_FORMATS)[number];
  version: string;
  /** Returns a path relative to the repository that the CI job has checked out. */
  toWorkspacePath(path: string): string;
}

function formatSeverity(severity: ProjectFinding["severity"], { colors: paint }: Output): string {
  return severity === "error" ? paint.red("error") : paint.yellow("warning");
}

/** Prints the totals. */
function printSummary({ silenced, fixed = [], summary }: ValidationReport, output: Output): void {
  const { errors, warnings, files } = summary;
  const counts = `${formatCount(errors, "error")}, ${formatCount(warnings, "warning")}`;
  output.line(`${errors > 0 ? output.colors.red(counts) : counts} in ${formatCount(files, "file")}`);
  if (fixed.length > 0) output.line(formatCount(fixed.length, "fixed finding"));
  if (silenced.length > 0) output.line(formatCount(silenced.length, "silenced finding"));
}

/** Prints one line for each key that was corrected. */
function printFixes({ fixed = [] }: ValidationReport, output: Output): void {
  for (const { file, line, column, pointer, suggested_key } of fixed) {
    const renamed = `renamed ${JSON.stringify(parsePointer(pointer).at(-1))} to ${JSON.stringify(suggested_key)}`;
    output.line(`${file}:${line}:${column}: ${output.colors.green("fixed")}: ${renamed}`);
  }
}

/** Prints one line for each finding, its hint, and the totals. `--quiet` prints only the findings. */
function printReportAsText(report: ValidationReport, output: Output): void {
  const { colors: paint, verbosity } = output;
  printFixes(report, output);
  for (const finding of report.findings) {
    const { severity, code, hint, ...located } = finding;
    const [location, message] = [`${located.file}:${located.line}:${located.column}`, located.message];
    output.line(`${location}: ${formatSeverity(severity, output)}: ${message} ${paint.dim(`[${code}]`)}`);
    if (hint !== undefined && !verbosity.quiet) output.line(`  ${paint.dim(hint)}`);
  }
  if (!verbosity.quiet) printSummary(report, output);
}

/** Prints an annotation of GitHub Actions for each finding, and the totals. */
function printReportAsAnnotations(report: ValidationReport, output: Output, options: ReportOptions): void {
  printFixes(report, output);
  for (const { severity, code, message, hint, file, line, column } of report.findings) {
    const position = { file: options.toWorkspacePath(file), line, col: column };
    const text = hint === undefined ? message : `${message}\n${hint}`;
    output.line(formatAnnotationCommand(severity, { ...position, title: code }, text));
  }
  if (!output.verbosity.quiet) printSummary(report, output);
}

/** Prints a report in the format that `--format` selects. */
export async function printValidationReport(
  original: ValidationReport,
  output: Output,
  options: ReportOptions,
): Promise<void> {
  const report = { ...original, findings: output.nameHints(original.findings) };
  if (options.format === "json") output.json(report);
  else if (options.format === "github") printReportAsAnnotations(report, output, options);
  else if (options.format === "text") printReportAsText(report, output);
  else if (options.format === "gitlab") {
    const { formatCodeQuality } = await import("./format-code-quality.js");
    output.json(formatCodeQuality(report, options.toWorkspacePath));
  } else output.json((await import("./format-sarif.js")).formatSarif(report, options));
}
