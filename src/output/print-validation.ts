import type { ProjectFinding, ValidationReport } from "../domain/validation/project-finding.js";
import type { Output } from "./output.js";

const formatCount = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

function formatSeverity(severity: ProjectFinding["severity"], { colors: paint }: Output): string {
  return severity === "error" ? paint.red("error") : paint.yellow("warning");
}

/** Prints one line for each finding, its hint, and the totals. `--quiet` prints only the findings. */
function printReportAsText({ findings, summary }: ValidationReport, output: Output): void {
  const { colors: paint, verbosity } = output;
  for (const finding of findings) {
    const { severity, code, hint, ...located } = finding;
    const [location, message] = [`${located.file}:${located.line}:${located.column}`, located.message];
    output.line(`${location}: ${formatSeverity(severity, output)}: ${message} ${paint.dim(`[${code}]`)}`);
    if (hint !== undefined && !verbosity.quiet) output.line(`  ${paint.dim(hint)}`);
  }
  if (verbosity.quiet) return;
  const { errors, warnings, files } = summary;
  const counts = `${formatCount(errors, "error")}, ${formatCount(warnings, "warning")}`;
  output.line(`${errors > 0 ? paint.red(counts) : counts} in ${formatCount(files, "file")}`);
}

/** Prints a report in the format that `--format` selects. */
export function printValidationReport(report: ValidationReport, format: "text" | "json", output: Output): void {
  if (format === "json") output.json(report);
  else printReportAsText(report, output);
}
