import type { Command } from "commander";
import { printWorkflow, printWorkflows } from "../output/print-workflows.js";
import type { CommandContext } from "./context.js";
import type { TargetFlags, WorkflowService } from "./services.js";
import { addExamples, type Examples } from "./shared/examples.js";
import { COMMAND_GROUPS } from "./shared/help-groups.js";
import { addBranchOption, addCommonOptions, addProjectOptions, type CommonFlags } from "./shared/options.js";
import { addFilePageOptions, type PageFlags, paginateFiles } from "./shared/paging.js";

type Flags = CommonFlags & TargetFlags;

function addOptions(command: Command, examples: Examples | readonly string[], details?: string): Command {
  return addExamples(addCommonOptions(addBranchOption(addProjectOptions(command)), details), examples);
}

export function registerWorkflows(program: Command, { output }: CommandContext, services: WorkflowService): void {
  const workflows = program
    .command("workflows")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("List and show workflows")
    .description("Show the project's workflows: steps, trigger data, last run and problems.");

  const list = workflows.command("list", { isDefault: true }).description("List the project's workflows");
  addOptions(addFilePageOptions(list), ["knock workflows list", "knock workflows list --json"]).action(
    async (flags: Flags & PageFlags) => {
      printWorkflows(paginateFiles(await services.readWorkflows(null, flags), flags), output);
    },
  );

  const show = workflows
    .command("show")
    .argument("<key>", "the workflow's key")
    .description("Show a workflow: steps, trigger data, last run and problems");
  const details = "the JSON Schema of the trigger data";
  addOptions(show, ({ workflow }) => [`knock workflows show ${workflow.key}`], details).action(
    async (key: string, flags: Flags) => {
      for (const workflow of await services.readWorkflows(key, flags)) printWorkflow(workflow, output);
    },
  );
}
