import type { Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions, addTargetSelection, type CommonFlags } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { EXIT } from "../../errors/error-codes.js";
import { escapeToOneLine } from "../../output/escape-controls.js";
import type { Output } from "../../output/output.js";
import type { DoctorReport } from "./report-schema.js";

/** Prints each check with its result; with --quiet, only problems. */
function printDoctorReport(report: DoctorReport, output: Output): void {
  const { colors, verbosity } = output;
  if (verbosity.json) return output.json(report);
  const symbols = { ok: colors.green("✓"), warning: colors.yellow("!"), error: colors.red("✗") };
  for (const { name, status, message, hint } of report.checks) {
    if (verbosity.quiet && status === "ok") continue;
    output.line(`${symbols[status]} ${name.padEnd(14)}${escapeToOneLine(message)}`);
    if (hint != null) output.line(`  ${"".padEnd(14)}${escapeToOneLine(hint)}`);
  }
}

export function registerDoctor(program: Command, context: CommandContext): void {
  const command = program
    .command("doctor")
    .helpGroup(COMMAND_GROUPS.settings)
    .summary("Check the installation and settings")
    .description(
      "Check Node, the project, its environment variables, the local store, stored keys and file modes. Exit 1 if there is an error. On the remote target, also check that the API can be reached and accepts the key.",
    );
  addExamples(addCommonOptions(addTargetSelection(command), "HTTP requests", { quiet: "print only problems" }), [
    "knock doctor",
    "knock doctor --quiet",
    "knock doctor --json",
  ]).action(async (flags: CommonFlags & TargetFlags) => {
    const { Doctor } = await import("./run-checks.js");
    const report = await new Doctor(context, flags).run();
    printDoctorReport({ checks: context.output.nameHints(report.checks) }, context.output);
    if (report.checks.some(({ status }) => status === "error")) context.setExitCode(EXIT.failure);
  });
}
