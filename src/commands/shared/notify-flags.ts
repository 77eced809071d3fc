import type { Command } from "commander";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import type { PayloadFlags } from "../../input/trigger-payload.js";
import type { Expectation } from "./expectations.js";
import type { CommonFlags } from "./options.js";

/** The options of `knock notify` for a file with many triggers. */
interface BulkFlags {
  rate?: string;
  concurrency?: string;
  /** A path, or false for `--no-journal`. */
  journal?: string | boolean;
  resume?: boolean;
  retryFailed?: boolean;
  output?: string;
}

export interface NotifyFlags extends CommonFlags, TargetFlags, PayloadFlags, BulkFlags {
  wait?: string | true;
  dryRun?: boolean;
  allOrNothing?: boolean;
  maxRecipients?: string;
  expect?: string[];
  strict?: boolean;
}

/** The flags of `knock notify` with a file. */
export type NotifyFileFlags = NotifyFlags & { file: string };

/** The functions that trigger the lines of a file. */
export interface LineTriggers {
  addOptions(command: Command): Command;
  /** Throws `usage` if an option is given that only a file with many triggers has. */
  rejectOptions(flags: NotifyFlags): void;
  triggerLines(
    workflow: string | null,
    flags: NotifyFileFlags,
    rules: readonly Expectation[],
    context: CommandContext,
  ): Promise<void>;
}
