import type { Command } from "commander";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";

/** The parts of `knock runs` that an optional feature adds. */
export interface RunParts {
  /** Adds subcommands to `knock runs`. */
  register(runs: Command, context: CommandContext): void;
  /** Adds options that make `knock runs show` print something else. Returns the command. */
  addShowOptions(show: Command): Command;
  /** Prints what one of these options selects. Returns false if none is given. */
  showInstead(typed: string, flags: TargetFlags, context: CommandContext): Promise<boolean>;
}
