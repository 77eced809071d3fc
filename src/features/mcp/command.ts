import type { Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addProjectOptions } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { KnockError } from "../../errors/knock-error.js";

type McpFlags = TargetFlags & { allowRemote?: boolean; allowWrites?: boolean };

export function registerMcp(program: Command, context: CommandContext): void {
  const command = program
    .command("mcp")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Serve tools to a coding agent")
    .description(
      "Serve tools, resources and prompts of the Model Context Protocol on standard input and output. A coding agent starts this command. Nothing is delivered. `knock dev` serves the same tools at /mcp.",
    )
    .optionsGroup(OPTION_GROUPS.server)
    .option(
      "--allow-remote",
      "allow tools to read the account with the settings of the remote target, never with a live key",
    )
    .option("--allow-writes", "allow tools to trigger workflows of the account (with --allow-remote)");
  addExamples(addProjectOptions(command), ["knock mcp", "knock mcp --allow-remote"]).action((flags: McpFlags) =>
    runMcp(flags, context),
  );
}

async function runMcp(flags: McpFlags, context: CommandContext): Promise<void> {
  const { allowRemote = false, allowWrites = false } = flags;
  if (allowWrites && !allowRemote)
    throw new KnockError("usage", "--allow-writes needs --allow-remote", { hint: "Add --allow-remote." });
  context.output.note("waiting for a client of the Model Context Protocol on standard input; press Ctrl-C to stop");
  // Without standard input there is no client.
  if (!context.io.stdinIsPiped && !context.io.stdinIsTerminal) return;
  const { openHost } = await import("./open-host.js");
  const { serveOnStdio } = await import("./serve-stdio.js");
  const { host, close } = await openHost(flags, { read: allowRemote, write: allowRemote && allowWrites }, context);
  try {
    await serveOnStdio(host, context);
  } finally {
    close();
  }
}
