import type { Command } from "commander";
import type { CommandContext } from "./context.js";
import { addCommonOptions, addExamples, applyVerbosity, type CommonFlags } from "./shared/options.js";

export function registerInit(program: Command, context: CommandContext): void {
  const command = program
    .command("init")
    .argument("[folder]", "where to", ".")
    .summary("create a project, or add what an existing one lacks")
    .description(
      "Create a project with a first workflow, or add what an existing project lacks. Existing files are never changed.",
    );
  addExamples(addCommonOptions(command), ["knock init", "knock init notifications"]);
  command.action(async (folder: string, flags: CommonFlags) => {
    applyVerbosity(context, flags);
    const { output } = context;
    const { files, kept, within, next } = await context.initProject(folder);
    if (output.verbosity.json) return output.json({ files, kept });
    for (const file of files) output.line(`${output.paint.green("✓")} ${file}${kept.length > 0 ? " added" : ""}`);
    for (const file of kept) output.line(output.paint.dim(`○ ${file} kept`));
    if (files.length === 0) output.note("nothing was missing");
    if (within !== null) output.note(`note: ${within} holds a project, too; below the new one, the new one counts`);
    output.note(`try: ${folder === "." ? "" : `cd ${folder} && `}${next}`);
  });
}
