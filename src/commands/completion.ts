import { Argument, type Command } from "commander";
import type { CommandContext } from "./context.js";
import { COMPLETION_SHELLS, type CompletionService, type CompletionShell } from "./services.js";
import { addExamples } from "./shared/examples.js";
import { COMMAND_GROUPS } from "./shared/help-groups.js";
import { addCommonOptions } from "./shared/options.js";

export function registerCompletion(program: Command, { output }: CommandContext, services: CompletionService): void {
  const command = program
    .command("completion")
    .helpGroup(COMMAND_GROUPS.settings)
    .addArgument(new Argument("<shell>", "the shell that runs the script").choices(COMPLETION_SHELLS))
    .summary("Print a shell completion script")
    .description(
      "Print a script that completes commands, options, and names from the project. Load it in the startup file of the shell: `source <(knock completion bash)` or `source <(knock completion zsh)`. For fish, write it to ~/.config/fish/completions/knock.fish.",
    );
  addExamples(addCommonOptions(command), ["knock completion bash", "knock completion fish"]);
  command.action(async (shell: CompletionShell) => {
    const script = await services.getCompletionScript(shell);
    if (output.verbosity.json) return output.json({ shell, script });
    output.raw(script);
  });
}
