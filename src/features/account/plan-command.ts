import { type Command, Option } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { type AccountFlags, addAccountConnection, addFileOptions, addScopeOptions } from "./account-options.js";

interface PlanFlags extends AccountFlags {
  format?: "text" | "json" | "markdown";
}

export function registerPlan(program: Command, context: CommandContext): void {
  const command = program
    .command("plan")
    .helpGroup(COMMAND_GROUPS.account)
    .argument("[resources...]", "resources such as workflows/welcome, or folders such as workflows (default: all)")
    .summary("Compare the project's files with the account")
    .description(
      "Compare workflows, layouts, partials and the other resources of the project with those of the account, and show what `knock push` and `knock pull` would change. Nothing is changed. Exit 1 if there are differences.",
    );
  addAccountConnection(addScopeOptions(addFileOptions(command)), { changes: false });
  addCommonOptions(command, undefined, { quiet: "print only the names of resources that differ" })
    .optionsGroup(OPTION_GROUPS.output)
    .addOption(
      new Option("--format <format>", "print the plan as text, json or markdown (default: text)").choices([
        "text",
        "json",
        "markdown",
      ]),
    );
  addExamples(command, ({ workflow }) => [
    "knock plan",
    `knock plan workflows/${workflow.key} --environment production`,
    "knock plan --format markdown",
  ]).action((resources: string[], flags: PlanFlags) => runPlan(resources, flags, context));
}

/** Compares the selected resources, prints the plan and sets the exit code. */
export async function runPlan(resources: readonly string[], flags: PlanFlags, context: CommandContext): Promise<void> {
  const { output, setExitCode } = context;
  if (flags.json && flags.format !== undefined && flags.format !== "json")
    throw new KnockError("usage", `--format ${flags.format} cannot be combined with --json`, {
      hint: "Remove one of the two.",
    });
  const { withAccountSession } = await import("./account-session.js");
  const { parseSelectors } = await import("./select-resources.js");
  const { buildPlan, hasDifferences } = await import("./build-plan.js");
  const report = await output.showProgress("reading the account", () =>
    withAccountSession(flags, context, (session) =>
      buildPlan(session, parseSelectors(resources, { knockDir: session.knockDir, cwd: context.io.cwd })),
    ),
  );
  if (flags.format === "markdown") {
    const { formatPlanMarkdown } = await import("./format-plan-markdown.js");
    output.raw(formatPlanMarkdown(report));
  } else {
    if (flags.format === "json") output.verbosity = { ...output.verbosity, json: true };
    const { printPlan } = await import("./print-plan.js");
    printPlan(report, output);
  }
  if (hasDifferences(report)) setExitCode(EXIT.failure);
}
