import { Argument, type Command, Option } from "commander";
import { createFiles, printCreatedFiles } from "../../commands/shared/create-files.js";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions, addProjectFileOptions } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { KnockError } from "../../errors/knock-error.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import { KINDS, type Kind, WORKFLOW_TEMPLATES, type WorkflowTemplate } from "./kinds.js";

interface NewFlags extends TargetFlags {
  template?: WorkflowTemplate;
}

async function runNew(kind: Kind, key: string, flags: NewFlags, context: CommandContext): Promise<void> {
  const { output, io } = context;
  if (flags.template !== undefined && kind !== "workflow")
    throw new KnockError("usage", "--template is only for workflows", {
      hint: `Run \`knock new ${kind} ${key}\` without it.`,
    });
  const project = await context.files.require(flags);
  const { planResource } = await import("./plan-resource.js");
  const { template = "blank" } = flags;
  const { files: planned, note, next } = await planResource(kind, key, context, { template, flags, project });
  const created = await createFiles(project.root, planned);
  const files = created.map((path) => formatDisplayPath(io.cwd, path));
  if (output.verbosity.json) return output.json({ files, next });
  if (!output.verbosity.quiet) printCreatedFiles(files, output);
  if (note !== null) output.note(note);
  output.note(`Next: run ${next.map((command) => `\`${command}\``).join(", then ")}`);
}

export function registerNew(program: Command, context: CommandContext): void {
  const command = program
    .command("new")
    .addArgument(new Argument("<kind>", "the kind of resource").choices(KINDS))
    .argument(
      "<key>",
      "the key, which is the name of the folder; a locale such as de, or a namespace and a locale such as emails.de, for a translation",
    )
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Create a workflow from a template, or a layout, partial, translation or source")
    .description(
      "Create a workflow from a template, or a layout, a partial, a translation or a source. A workflow gets templates, a JSON Schema of its data, a scenario that passes and sample data in payloads/. Files that exist already stay as they are.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .addOption(
      new Option("--template <template>", "use this template for a workflow (default: blank)").choices(
        WORKFLOW_TEMPLATES,
      ),
    );
  addExamples(addCommonOptions(addProjectFileOptions(command)), [
    "knock new workflow comment-digest --template batch",
    "knock new layout campaign",
    "knock new translation fr",
  ]).action((kind: Kind, key: string, flags: NewFlags) => runNew(kind, key, flags, context));
}
