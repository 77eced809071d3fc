import { escapeToOneLine } from "../../output/escape-controls.js";
import type { Output } from "../../output/output.js";
import type { DoctorReport } from "./report-schema.js";

/** Prints each check with its result; with --quiet, only problems. */
export function printDoctorReport(report: DoctorReport, output: Output): void {
  const { colors, verbosity } = output;
  if (verbosity.json) return output.json(report);
  const symbols = { ok: colors.green("✓"), warning: colors.yellow("!"), error: colors.red("✗") };
  for (const { name, status, message, hint } of report.checks) {
    if (verbosity.quiet && status === "ok") continue;
    output.line(`${symbols[status]} ${name.padEnd(14)}${escapeToOneLine(message)}`);
    if (hint != null) output.line(`  ${"".padEnd(14)}${escapeToOneLine(hint)}`);
  }
}
