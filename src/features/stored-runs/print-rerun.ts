import { printRecipientDifferences } from "../../comparison/print-replay-report.js";
import { formatRecipient } from "../../domain/recipient/recipient.js";
import type { Output } from "../../output/output.js";
import { hasRerunDifferences, type RerunReport } from "./rerun-report.js";

type StepState = RerunReport["steps"][number]["before"];

/** Returns an outcome with its reason and its branch. */
function formatState(state: StepState): string {
  if (state === null) return "not reached";
  const { outcome, reason, branch } = state;
  return `${outcome}${reason === null ? "" : ` (${reason})`}${branch === null ? "" : ` → ${branch}`}`;
}

/** Prints the steps and the messages that differ from the original run. */
export function printRerun(report: RerunReport, output: Output): void {
  const { verbosity, colors: paint } = output;
  if (verbosity.json) return output.json(report);
  const {
    workflow,
    workflow_run_id,
    files,
    from,
    kept_workflow_run_id: kept,
    steps,
    recipients,
    summary,
    notes,
  } = report;
  if (verbosity.quiet) {
    if (kept !== null) output.line(kept);
    return;
  }
  const start = from === null ? "" : ` from ${from}`;
  output.line(`Run ${workflow_run_id} of ${workflow} again${start}; before: the original run, after: ${files}\n`);
  for (const { recipient, step, before, after } of steps)
    output.line(
      `${paint.yellow("~")} ${formatRecipient(recipient)}  ${step}: ${formatState(before)}, now ${formatState(after)}`,
    );
  if (steps.length > 0) output.line();
  for (const recipient of recipients) printRecipientDifferences(recipient, output);
  for (const note of notes) output.note(`note: ${note}`);
  const { gained, lost, changed, equal } = summary;
  const result = hasRerunDifferences(report)
    ? `${paint.red("✗")} another result`
    : `${paint.green("✓")} the same result`;
  const messages = `messages: ${gained} gained, ${lost} lost, ${changed} changed, ${equal} equal`;
  output.line(`${result} (steps: ${steps.length} changed; ${messages})`);
  if (kept !== null) output.note(`kept as ${kept}`);
}
