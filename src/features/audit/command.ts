import type { Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addAccountOptions, addCommonOptions, type CommonFlags } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { type RecipientKey, splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import { parseRecipient } from "../../domain/request/parse-recipient.js";
import { DocumentFindings } from "../../domain/schema/document-findings.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { InputReader } from "../../input/input-source.js";
import { parseIds, parseRecipientsFlag } from "../../input/parse-flags.js";
import { formatReason } from "../../output/labels.js";
import type { Output } from "../../output/output.js";
import { printTable } from "../../output/print-table.js";
import { formatCount } from "../../util/format-count.js";
import type { AuditReport } from "./audit-report-schema.js";

/** Prints a row for each skipped step, and the totals. `--quiet` prints only the users who get nothing. */
function printAuditReport(report: AuditReport, output: Output): void {
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

interface AuditFlags extends CommonFlags, TargetFlags {
  recipients: string[];
  workflows?: string[];
  failIfAny?: boolean;
}

export function registerAudit(program: Command, context: CommandContext): void {
  const command = program
    .command("audit")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("List users of the account who would receive no messages")
    .description(
      "Read users of the account with their preferences and channel data, and check which channel steps of the project's workflows would send them nothing, whatever the data is. Nothing is triggered or changed.",
    )
    .optionsGroup(OPTION_GROUPS.selection)
    .requiredOption(
      "-r, --recipients <value...>",
      "check these users: IDs (a,b), JSON, @file.json or @- (standard input)",
    )
    .option("-w, --workflows <key...>", "check these workflows: keys (a,b) (default: all of the project)")
    .optionsGroup(OPTION_GROUPS.testing)
    .option("--fail-if-any", "exit 1 if a user would get nothing from a workflow");
  addExamples(
    addCommonOptions(addAccountOptions(command), undefined, {
      quiet: "print only the users who would receive no messages",
    }),
    ({ workflow, users, user }) => [
      `knock audit --recipients ${users}`,
      `knock audit --recipients ${user} --workflows ${workflow.key} --json`,
    ],
  ).action((flags: AuditFlags) => runAuditCommand(flags, context));
}

/** Returns the users once each. Throws `usage` for objects and for inline recipients, which the account may not have. */
function parseUsers(values: readonly unknown[]): RecipientKey[] {
  const keys = values.map((value) => {
    const findings = new DocumentFindings();
    const recipient = parseRecipient(value, findings.add);
    if (recipient === null) throw findings.toError("--recipients", "invalid_params");
    const { collection } = splitRecipientKey(recipient.key);
    const isReference = recipient.upsert === null || Object.keys(recipient.upsert.properties).length === 0;
    if (collection !== USERS || !isReference)
      throw new KnockError("usage", `--recipients: ${JSON.stringify(value)} is not the ID of a user`, {
        hint: "Give IDs of users, whose data is read from the account.",
      });
    return recipient.key;
  });
  return [...new Set(keys)];
}

async function runAuditCommand(flags: AuditFlags, context: CommandContext): Promise<void> {
  const { input, output, project, target, setExitCode } = context;
  const users = parseUsers(await parseRecipientsFlag(flags.recipients, new InputReader(input)));
  const workflows = (flags.workflows ?? []).flatMap((text) => parseIds(text, "--workflows"));
  const report = await output.showProgress("reading the account", async (setProgress) => {
    const { remote: _remote, ...rest } = flags;
    const files = await project.requireLocalFiles(rest);
    const account = await target.open({ ...rest, target: "remote" }, "read");
    const { runAudit } = await import("./run-audit.js");
    return runAudit(users, workflows, { project: files, resources: await account.openResources(), setProgress });
  });
  printAuditReport(report, output);
  if (flags.failIfAny && report.summary.get_nothing > 0) setExitCode(EXIT.failure);
}
