import { formatFieldDifference } from "../../comparison/format-difference.js";
import { formatReason, formatRecipientLabel } from "../../output/labels.js";
import type { Output } from "../../output/output.js";
import { formatCount } from "../../util/format-count.js";
import type { DiffReport, TargetDifferences } from "./diff-report.js";

type Step = TargetDifferences["steps"][number]["local"];
type Run = TargetDifferences["local"];
type Message = TargetDifferences["changed"][number]["local"];

function formatRun(run: Run): string {
  if (run === null) return "no run";
  const reason = formatReason(run.reason);
  return [run.status ?? "no run", ...(reason === "" ? [] : [`(${reason})`])].join(" ");
}

function formatStep(step: Step): string {
  if (step === null) return "not reached";
  const reason = formatReason(step.reason);
  const branch = step.branch === null ? "" : ` → ${step.branch}`;
  return `${step.outcome}${branch}${reason === "" ? "" : ` (${reason})`}`;
}

const formatMessage = ({ step, channel, title }: Message, { colors: paint }: Output): string =>
  `${step}  ${channel.key}${title === "" ? "" : `  ${paint.dim(title)}`}`;

function printRecipient({ recipient, remote, local, steps, ...messages }: TargetDifferences, output: Output): void {
  const { colors: paint } = output;
  output.line(paint.bold(formatRecipientLabel(recipient)));
  const [there, here] = [formatRun(remote), formatRun(local)];
  if (there !== here) output.line(`  run  account: ${there}; local: ${here}`);
  for (const step of steps)
    output.line(`  ${step.ref}  account: ${formatStep(step.remote)}; local: ${formatStep(step.local)}`);
  for (const message of messages.remote_only)
    output.line(`  ${paint.red("- only on the account")}  ${formatMessage(message, output)}`);
  for (const message of messages.local_only)
    output.line(`  ${paint.green("+ only local")}  ${formatMessage(message, output)}`);
  for (const { local: message, fields } of messages.changed) {
    output.line(`  ${paint.yellow("~ changed")}  ${formatMessage(message, output)}`);
    for (const { field, remote: before, local: after } of fields)
      output.lines(formatFieldDifference({ field, before, after }, output));
  }
  output.line();
}

/** Prints the differences by recipient, and the totals. `--quiet` prints only recipients. */
export function printDiffReport(report: DiffReport, output: Output): void {
  const { verbosity, colors: paint } = output;
  const { workflow, workflow_run_id: id, recipients, summary } = report;
  if (verbosity.json) output.json(report);
  else if (verbosity.quiet) for (const { recipient } of recipients) output.line(formatRecipientLabel(recipient));
  else {
    output.line(`${paint.bold(workflow)}  ${id}  ${paint.red("- account")}  ${paint.green("+ local files")}\n`);
    for (const recipient of recipients) printRecipient(recipient, output);
    const { steps, equal, changed, remote_only, local_only } = summary;
    const messages = `${remote_only} only on the account, ${local_only} only local, ${changed} changed, ${equal} equal`;
    const mark = recipients.length > 0 ? paint.red("✗") : paint.green("✓");
    output.line(
      `${mark} ${summary.different} of ${formatCount(summary.recipients, "recipient")} with differences (${formatCount(steps, "step")}; messages: ${messages})`,
    );
  }
  for (const note of report.notes) output.note(`note: ${note}`);
  if (report.timed_out)
    output.warn("timed out while waiting for the account: not all runs have ended, so the comparison is incomplete");
}
