import { type Command, Option } from "commander";
import { EXIT } from "../errors/error-codes.js";
import { KnockError } from "../errors/knock-error.js";
import { printValidationReport, VALIDATION_FORMATS } from "../output/print-validation.js";
import type { CommandContext } from "./context.js";
import type { TargetFlags } from "./services.js";
import { addExamples } from "./shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addBranchOption, addCommonOptions, addProjectFileOptions, type CommonFlags } from "./shared/options.js";
import type { ValidationService } from "./shared/test-service.js";

interface ValidateFlags extends CommonFlags, TargetFlags {
  strict?: boolean;
  emails?: boolean;
  fix?: boolean;
  format?: (typeof VALIDATION_FORMATS)[number];
}

export function registerValidate(program: Command, context: CommandContext, services: ValidationService): void {
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
      new Option("--format <format>", "print the findings as text, json, sarif or github (default: text)").choices(
        VALIDATION_FORMATS,
      ),
    );
  addExamples(command, ({ workflow }) => ["knock validate", `knock validate ${workflow.key} --strict`]).action(
    (keys: string[], flags: ValidateFlags) => runValidate(keys, flags, context, services),
  );
}

async function runValidate(
  keys: readonly string[],
  flags: ValidateFlags,
  { output, setExitCode }: CommandContext,
  services: ValidationService,
): Promise<void> {
  if (flags.json && flags.format !== undefined && flags.format !== "json")
    throw new KnockError("usage", `--format ${flags.format} cannot be combined with --json`, {
      hint: "Remove one of the two.",
    });
  const report = await services.validateProject(keys, flags, {
    checksEmails: flags.emails ?? false,
    fixes: flags.fix ?? false,
  });
  const format = flags.json ? "json" : (flags.format ?? "text");
  await printValidationReport(report, output, {
    format,
    version: services.getVersion(),
    toWorkspacePath: services.toWorkspacePath,
  });
  const { errors, warnings } = report.summary;
  if (errors > 0 || (flags.strict && warnings > 0)) setExitCode(EXIT.failure);
}
