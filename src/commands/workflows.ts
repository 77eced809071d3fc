import type { Command } from "commander";
import { printWorkflow, printWorkflows } from "../output/print-workflows.js";
import type { CommandContext, TargetFlags } from "./context.js";
import {
  addCommonOptions,
  addExamples,
  addProjectOptions,
  applyVerbosity,
  type CommonFlags,
} from "./shared/options.js";

type Flags = CommonFlags & TargetFlags;

function addOptions(command: Command, examples: readonly string[]): Command {
  const located = addProjectOptions(command).option("--branch <slug>", "the branch to work on");
  return addExamples(addCommonOptions(located), examples);
}

export function registerWorkflows(program: Command, context: CommandContext): void {
  const workflows = program
    .command("workflows")
    .summary("list the project's workflows, show one")
    .description("Show the project's workflows: steps, trigger data, last run and problems.");

  const list = workflows.command("list", { isDefault: true }).description("List the project's workflows");
  addOptions(list, ["knock workflows list", "knock workflows list --json"]).action(async (flags: Flags) => {
    applyVerbosity(context, flags);
    printWorkflows(await context.readWorkflows(null, flags), context.output);
  });

  const show = workflows
    .command("show")
    .argument("<key>", "the workflow's key")
    .description(
      "Show a workflow: steps, trigger data, last run and problems (--verbose: with the data's JSON schema)",
    );
  addOptions(show, ["knock workflows show new-comment"]).action(async (key: string, flags: Flags) => {
    applyVerbosity(context, flags);
    for (const one of await context.readWorkflows(key, flags)) printWorkflow(one, context.output);
  });
}
