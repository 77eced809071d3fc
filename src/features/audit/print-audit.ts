import { formatReason } from "../../output/labels.js";
import type { Output } from "../../output/output.js";
import { printTable } from "../../output/print-table.js";
import { formatCount } from "../../util/format-count.js";
import type { AuditReport } from "./audit-report-schema.js";

/** Prints a row for each skipped step, and the totals. `--quiet` prints only the users who get nothing. */
export function printAuditReport(report: AuditReport, output: Output): void {
  const { verbosity, colors: paint } = output;
  const { recipients, summary } = report;
  if (verbosity.json) return output.json(report);
  if (verbosity.quiet) {
    for (const { recipient, exists, workflows } of recipients)
      if (!exists || workflows.some(({ gets_nothing }) => gets_nothing)) output.line(recipient);
    return;
  }
  const rows = recipients.flatMap(({ recipient, exists, workflows }) =>
    exists
      ? workflows.flatMap(({ workflow, gets_nothing, steps }) =>
          steps.map(({ ref, channel, reason }) => [
            recipient,
            workflow,
            gets_nothing ? "nothing" : "partly",
            ref,
            channel ?? "",
            formatReason(reason),
          ]),
        )
      : [[recipient, "(all)", "nothing", "", "", "the account does not have this user"]],
  );
  if (rows.length > 0) {
    printTable(["USER", "WORKFLOW", "STATUS", "STEP", "CHANNEL", "REASON"], rows, output);
    output.line();
  }
  for (const note of report.notes) output.note(`note: ${note}`);
  const mark = summary.get_nothing > 0 ? paint.red("✗") : paint.green("✓");
  output.line(
    `${mark} ${summary.get_nothing} of ${formatCount(summary.recipients, "user")} would get nothing from a workflow (${formatCount(summary.workflows, "workflow")} checked)`,
  );
}
