import { Argument, type Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import type { CompletionShell } from "./completion-script.js";

const SHELLS = ["bash", "zsh", "fish", "powershell"] as const satisfies readonly CompletionShell[];

export function registerCompletion(program: Command, { io, output }: CommandContext): void {
  const command = program
    .command("completion")
    .helpGroup(COMMAND_GROUPS.settings)
    .addArgument(new Argument("<shell>", "the shell that runs the script").choices(SHELLS))
    .summary("Print a shell completion script")
    .description(
      "Print a script that completes commands, options, and names from the project. Load it in the startup file of the shell: `source <(knock completion bash)` or `source <(knock completion zsh)`. For fish, write it to ~/.config/fish/completions/knock.fish.",
    );
  addExamples(addCommonOptions(command), ["knock completion bash", "knock completion fish"]);
  command.action(async (shell: CompletionShell) => {
    const { getCompletionScript } = await import("./completion-script.js");
    const script = await getCompletionScript(shell, io.name.split(" ").at(-1) ?? io.name);
    if (output.verbosity.json) return output.json({ shell, script });
    output.raw(script);
  });
}
