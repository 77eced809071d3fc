import { type Command, Option } from "commander";
import type { EmailTools } from "../../checks/email-tools.js";
import type { ValidationReport } from "../../checks/project-finding.js";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import {
  addBranchOption,
  addCommonOptions,
  addProjectFileOptions,
  type CommonFlags,
} from "../../commands/shared/options.js";
import { createReportFiles } from "../../commands/shared/report-files.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { printValidationReport, VALIDATION_FORMATS } from "./print-validation.js";

interface ValidateFlags extends CommonFlags, TargetFlags {
  strict?: boolean;
  emails?: boolean;
  fix?: boolean;
  format?: (typeof VALIDATION_FORMATS)[number];
}

export function registerValidate(program: Command, context: CommandContext): void {
  const command = program
    .command("validate")
    .helpGroup(COMMAND_GROUPS.develop)
    .argument("[keys...]", "keys of workflows (default: all files of the project)")
    .summary("Check the project's files")
    .description(
      "Check the project's files offline. Exit 1 if there are errors, and with --strict also if there are warnings.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--strict", "treat warnings as errors (exit 1)")
    .option("--emails", "render the emails, and check their HTML, links and headers")
    .option("--fix", "correct misspelled keys in the files, if there is exactly one possible correction");
  addCommonOptions(addBranchOption(addProjectFileOptions(command)), undefined, {
    quiet: "print only findings, without hints and totals",
  })
    .optionsGroup(OPTION_GROUPS.output)
    .addOption(
      new Option(
        "--format <format>",
        "print the findings as text, json, sarif, github or gitlab (default: text)",
      ).choices(VALIDATION_FORMATS),
    );
  addExamples(command, ({ workflow }) => ["knock validate", `knock validate ${workflow.key} --strict`]).action(
    (keys: string[], flags: ValidateFlags) => runValidate(keys, flags, context),
  );
}

/**
 * Checks the project's files, or the workflows with these keys. With `--fix`, changes the files so that findings with a
 * suggestion disappear. Throws `project_missing` or `workflow_missing`, and `project_invalid` for an invalid knock.json.
 */
async function checkProject(
  keys: readonly string[],
  flags: ValidateFlags,
  { files, settings, project, io, output }: CommandContext,
): Promise<ValidationReport> {
  const open = () => project.requireLocalFiles(flags);
  const { validateProject } = await import("../../validation/validate-project.js");
  const { openEmailTools } = await import("../../checks/email-tools.js");
  let emailTools: EmailTools | null = null;
  const validate = async () => {
    const opened = await open();
    if (flags.emails)
      emailTools ??= openEmailTools({ root: opened.root, env: io.env, note: (text) => output.note(text) });
    return validateProject(opened, { keys, cwd: io.cwd, emailTools });
  };
  const closeTools = (): Promise<void> | undefined => emailTools?.close();
  if (!flags.fix) return validate().finally(closeTools);
  const { fixProject } = await import("./fix-project.js");
  const reopen = (): void => {
    files.forget();
    settings.forget();
  };
  return fixProject({ cwd: io.cwd, validate, open, reopen, warn: (text) => output.warn(text) }).finally(closeTools);
}

async function runValidate(keys: readonly string[], flags: ValidateFlags, context: CommandContext): Promise<void> {
  if (flags.json && flags.format !== undefined && flags.format !== "json")
    throw new KnockError("usage", `--format ${flags.format} cannot be combined with --json`, {
      hint: "Remove one of the two.",
    });
  const { io, output, setExitCode } = context;
  const report = await checkProject(keys, flags, context);
  const format = flags.json ? "json" : (flags.format ?? "text");
  await printValidationReport(report, output, {
    format,
    version: io.version,
    toWorkspacePath: createReportFiles(io, output).toWorkspacePath,
  });
  const { errors, warnings } = report.summary;
  if (errors > 0 || (flags.strict && warnings > 0)) setExitCode(EXIT.failure);
}
