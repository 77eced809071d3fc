import { formatTime } from "../../output/format-time.js";
import type { Output } from "../../output/output.js";
import type { PruneReportDocument } from "./prune-schema.js";

const COUNTED = {
  partitions: "partitions",
  recipient_runs: "recipient runs",
  messages: "messages",
  delivery_logs: "delivery logs",
  batch_activities: "batch activities",
  workflow_runs: "workflow runs",
  idempotency_keys: "idempotency keys",
} as const;

/** Prints the number of deleted rows of each kind. */
export function printPruneReport(report: PruneReportDocument, output: Output): void {
  const { colors, verbosity, zone } = output;
  if (verbosity.json) return output.json(report);
  if (verbosity.quiet) return;
  const verb = report.dry_run ? "would delete" : `${colors.green("✓")} deleted`;
  output.line(`${verb} runs that ended before ${formatTime(report.before, zone)}`);
  const isEmpty = Object.keys(COUNTED).every((name) => report[name as keyof typeof COUNTED] === 0);
  if (isEmpty && !verbosity.verbose) return output.line("  nothing to delete");
  for (const [name, label] of Object.entries(COUNTED)) {
    const count = report[name as keyof typeof COUNTED];
    if (count > 0 || verbosity.verbose) output.line(`  ${label.padEnd(18)}${count.toLocaleString("en-US")}`);
  }
}
