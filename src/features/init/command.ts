import { type Command, Option } from "commander";
import { printCreatedFiles } from "../../commands/shared/create-files.js";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import { CI_SERVICES, type InitOptions } from "./init-options.js";

export function registerInit(program: Command, { io, output }: CommandContext): void {
  const command = program
    .command("init")
    .argument("[folder]", "the folder of the project", ".")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Create a project, or add missing files")
    .description(
      "Create a project with a first workflow, or add missing files to an existing project. Files that exist already stay as they are.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .addOption(
      new Option(
        "--ci <service>",
        "add CI jobs that validate, test and review the project, and upload reports",
      ).choices(CI_SERVICES),
    );
  addExamples(addCommonOptions(command), ["knock init", "knock init notifications", "knock init --ci github"]);
  command.action(async (folder: string, { ci = null }: Partial<InitOptions>) => {
    const { initProject } = await import("./init-project.js");
    const { files, kept, warnings, within, next } = await initProject(folder, io, { ci });
    for (const warning of warnings) output.warn(warning);
    if (output.verbosity.json) return output.json({ files, kept });
    if (!output.verbosity.quiet) {
      printCreatedFiles(files, output, kept.length > 0 ? " added" : "");
      for (const file of kept) output.line(output.colors.dim(`○ ${file} kept`));
    }
    if (files.length === 0) output.note("all files already exist");
    if (within !== null)
      output.note(`note: ${within} also contains a project; commands in the new folder use the new project`);
    output.note(`Next: run \`${folder === "." ? "" : `cd ${folder} && `}${next}\``);
  });
}
