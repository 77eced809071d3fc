import type { Command } from "commander";
import { printWorkflow, printWorkflows } from "../output/print-workflows.js";
import type { CommandContext } from "./context.js";
import type { TargetFlags, WorkflowService } from "./services.js";
import { addCommonOptions, addExamples, addProjectOptions, type CommonFlags } from "./shared/options.js";

type Flags = CommonFlags & TargetFlags;

function addOptions(command: Command, examples: readonly string[]): Command {
  const located = addProjectOptions(command).option("--branch <slug>", "branch of the project");
  return addExamples(addCommonOptions(located), examples);
}

export function registerWorkflows(program: Command, { output }: CommandContext, services: WorkflowService): void {
  const workflows = program
    .command("workflows")
    .summary("List and show workflows")
    .description("Show the project's workflows: steps, trigger data, last run and problems.");

  const list = workflows.command("list", { isDefault: true }).description("List the project's workflows");
  addOptions(list, ["knock workflows list", "knock workflows list --json"]).action(async (flags: Flags) => {
    printWorkflows(await services.readWorkflows(null, flags), output);
  });

  const show = workflows
    .command("show")
    .argument("<key>", "the workflow's key")
    .description(
      "Show a workflow: steps, trigger data, last run and problems (--verbose: with the data's JSON schema)",
    );
  addOptions(show, ["knock workflows show new-comment"]).action(async (key: string, flags: Flags) => {
    for (const workflow of await services.readWorkflows(key, flags)) printWorkflow(workflow, output);
  });
}
