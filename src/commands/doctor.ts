import type { Command } from "commander";
import { EXIT } from "../errors/error-codes.js";
import { printDoctorReport } from "../output/print-doctor-report.js";
import type { CommandContext } from "./context.js";
import type { DoctorService, TargetFlags } from "./services.js";
import { addExamples } from "./shared/examples.js";
import { COMMAND_GROUPS } from "./shared/help-groups.js";
import { addCommonOptions, addTargetSelection, type CommonFlags } from "./shared/options.js";

export function registerDoctor(program: Command, context: CommandContext, services: DoctorService): void {
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
    const report = await services.runChecks(flags);
    printDoctorReport(report, context.output);
    if (report.checks.some(({ status }) => status === "error")) context.setExitCode(EXIT.failure);
  });
}
