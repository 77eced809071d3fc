import type { Command } from "commander";
import { OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import type { CommonFlags } from "../../commands/shared/options.js";
import type { TargetFlags } from "../../context/target-flags.js";

/** The environment that is used without `--environment`, and the only one with branches. */
export const DEVELOPMENT = "development";

/** Flags of every command that uses the management API. */
export interface AccountFlags extends CommonFlags, TargetFlags {}

/** Adds the options that select the project's files. */
export function addFileOptions(command: Command): Command {
  return command
    .optionsGroup(OPTION_GROUPS.project)
    .option("--project <dir>", "use the knock.json in this folder (default: this folder or the nearest parent)")
    .option("--knock-dir <dir>", "use the files in this folder (default: knockDir in knock.json)");
}

export function addScopeOptions(command: Command): Command {
  return command
    .optionsGroup(OPTION_GROUPS.account)
    .option("--environment <slug>", "use this environment of the account (default: development)")
    .option("--branch <slug>", "use this branch of the account (default: the one in .knockbranch)");
}

/** Adds the options that select the account. `--yes` is for commands that change it. */
export function addAccountConnection(command: Command, { changes }: { changes: boolean }): Command {
  command
    .optionsGroup(OPTION_GROUPS.account)
    .option("--service-token <token>", "use this service token (prefer KNOCK_SERVICE_TOKEN or a profile)")
    .option("--management-url <url>", "send requests to this URL (default: https://control.knock.app)")
    .option("--profile <name>", "use a stored profile (see `knock auth login`)")
    .option("--timeout <duration>", "limit the time of one HTTP request (default: 60s)");
  return changes ? command.option("-y, --yes", "change the account without asking for confirmation") : command;
}
