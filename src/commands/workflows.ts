import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import { type TargetFlags, toLocalFlags } from "../context/target-flags.js";
import type { WorkflowView } from "../domain/workflow/workflow-view.js";
import { printWorkflow, printWorkflows } from "../output/print-workflows.js";
import { addExamples, type Examples } from "./shared/examples.js";
import { COMMAND_GROUPS } from "./shared/help-groups.js";
import { addBranchOption, addCommonOptions, addProjectOptions, type CommonFlags } from "./shared/options.js";
import { addFilePageOptions, type PageFlags, paginateFiles } from "./shared/paging.js";

type Flags = CommonFlags & TargetFlags;

function addOptions(command: Command, examples: Examples | readonly string[], details?: string): Command {
  return addExamples(addCommonOptions(addBranchOption(addProjectOptions(command)), details), examples);
}

/** Reads the views of all workflows of the project, or of the one with this key. */
async function readWorkflows(key: string | null, flags: Flags, context: CommandContext): Promise<WorkflowView[]> {
  const project = await context.project.requireLocalFiles(flags);
  const { readWorkflowViews } = await import("./shared/read-workflow-views.js");
  return readWorkflowViews(project, await context.target.openForCheck(toLocalFlags(flags)), key);
}

export function registerWorkflows(program: Command, context: CommandContext): void {
  const { output } = context;
  const workflows = program
    .command("workflows")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("List and show workflows")
    .description("Show the project's workflows: steps, trigger data, last run and problems.");

  const list = workflows.command("list", { isDefault: true }).description("List the project's workflows");
  addOptions(addFilePageOptions(list), ["knock workflows list", "knock workflows list --json"]).action(
    async (flags: Flags & PageFlags) => {
      printWorkflows(paginateFiles(await readWorkflows(null, flags, context), flags), output);
    },
  );

  const show = workflows
    .command("show")
    .argument("<key>", "the workflow's key")
    .description("Show a workflow: steps, trigger data, last run and problems");
  const details = "the JSON Schema of the trigger data";
  addOptions(show, ({ workflow }) => [`knock workflows show ${workflow.key}`], details).action(
    async (key: string, flags: Flags) => {
      for (const workflow of await readWorkflows(key, flags, context)) printWorkflow(workflow, output);
    },
  );
}
