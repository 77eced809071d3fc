import type { Command } from "commander";
import type { CommandContext } from "./context.js";
import { addCommonOptions, addExamples, applyVerbosity, type CommonFlags } from "./shared/options.js";

export function registerInit(program: Command, context: CommandContext): void {
  const command = program
    .command("init")
    .argument("[folder]", "where to", ".")
    .summary("set a project up")
    .description("Writes knock.json and a first workflow. Files that exist are never overwritten.");
  addExamples(addCommonOptions(command), ["knock init", "knock init notifications"]);
  command.action(async (folder: string, flags: CommonFlags) => {
    applyVerbosity(context, flags);
    const { output } = context;
    const { files, within } = await context.initProject(folder);
    if (output.verbosity.json) return output.json({ files });
    for (const file of files) output.line(`${output.paint.green("✓")} ${file}`);
    if (within !== null) output.note(`note: ${within} holds a project, too; below the new one, the new one counts`);
    output.note(`try: ${folder === "." ? "" : `cd ${folder} && `}knock notify hello --recipients ada`);
  });
}
