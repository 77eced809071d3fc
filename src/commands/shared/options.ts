import { type Command, Option } from "commander";
import type { Output } from "../../output/output.js";
import { OPTION_GROUPS } from "./help-groups.js";

/** An option with known values, which completion offers. It has no choices of commander, which would reject other spellings. */
export class ValueOption extends Option {
  constructor(
    flags: string,
    description: string,
    readonly values: readonly string[],
  ) {
    super(flags, `${description}: ${values.slice(0, -1).join(", ")} or ${values.at(-1)}`);
  }
}

/** Output flags that every command has. */
export interface CommonFlags {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** Descriptions of output options, for commands that print something else than most. */
interface OutputTexts {
  json?: string;
  quiet?: string;
}

/**
 * Adds the options of the output after the options of the target. `details` names the additional lines of `--verbose`.
 * A command that has none accepts the option without showing it, because scripts may pass the same options to all
 * commands.
 */
export function addCommonOptions(
  command: Command,
  details?: string,
  { json = "print one JSON document", quiet = "print only IDs (lists), or the result without notes" }: OutputTexts = {},
): Command {
  const requests = command.options.some(({ long }) => long === "--timeout") ? "HTTP requests" : undefined;
  const additions = [details, requests].filter((addition) => addition !== undefined);
  const verbose = new Option("--verbose", `add ${additions.join(" and ")} to the output`);
  return command
    .optionsGroup(OPTION_GROUPS.output)
    .option("--json", json)
    .option("-q, --quiet", quiet)
    .addOption(additions.length === 0 ? verbose.hideHelp() : verbose);
}

/** Adds the options that select the files of the project. */
function addFileOptions(command: Command): Command {
  return command
    .optionsGroup(OPTION_GROUPS.project)
    .option("--project <dir>", "use the knock.json in this folder (default: this folder or the nearest parent)")
    .option("--environment <name>", "apply environments/<name>.json over environment.json")
    .option(
      "--knock-dir <dir>",
      "read workflows/ and the other files from this folder (default: knockDir in knock.json)",
    );
}

/** Adds the options that select the project and its store. */
export function addProjectOptions(command: Command): Command {
  return addFileOptions(command).option(
    "--store <location>",
    "keep local data in this file, in :memory: or in a database, postgres://… (default: .knock-local/store.db next to knock.json)",
  );
}

/**
 * Adds the options of a command that reads the project's files and no store. The hidden option is accepted, because scripts
 * may pass the same options to all commands.
 */
export function addProjectFileOptions(command: Command): Command {
  return addFileOptions(command).addOption(new Option("--store <location>", "keep local data elsewhere").hideHelp());
}

export function addBranchOption(command: Command): Command {
  return command.optionsGroup(OPTION_GROUPS.project).option("--branch <slug>", "use a branch of the project");
}

function createTargetOption(): Option {
  const option = new Option("--target <target>", "run on local (embedded engine) or remote (the API) (default: local)");
  return option.choices(["local", "remote"]);
}

/** Adds the options that select the target, and the settings that a target needs. */
export function addTargetSelection(command: Command): Command {
  addBranchOption(addProjectOptions(command))
    .optionsGroup(OPTION_GROUPS.target)
    .addOption(createTargetOption())
    .option("--local", "use the local target, the same as --target local")
    .option("--remote", "use the remote target, the same as --target remote");
  return addConnectionOptions(command);
}

/** Adds the options that select the account. */
function addConnectionOptions(command: Command): Command {
  return command
    .optionsGroup(OPTION_GROUPS.remote)
    .option("--profile <name>", "use a stored profile (see `knock auth login`)")
    .option("--api-key <key>", "use this API key (prefer KNOCK_API_KEY or a profile)")
    .option("--base-url <url>", "send requests to this URL (default: https://api.knock.app)");
}

/** The names of commands that only read. They use a live key without asking. */
const READING_COMMANDS: readonly string[] = ["list", "get", "show", "replay", "audit"];

/**
 * Adds the options of requests to the remote target, which must be the current group. Reading commands accept `--yes`, because
 * scripts may pass the same options to all commands.
 */
function addRequestOptions(command: Command): Command {
  const confirmation = new Option("-y, --yes", "use a live key without asking for confirmation");
  return command
    .option("--timeout <duration>", "limit the time of one HTTP request (default: 60s)")
    .addOption(READING_COMMANDS.includes(command.name()) ? confirmation.hideHelp() : confirmation);
}

/** Adds the options that select the target and connect to the remote one. */
export function addTargetOptions(command: Command): Command {
  return addRequestOptions(addTargetSelection(command));
}

/**
 * Adds the options of a command that uses the account and the project's files. `--remote` is accepted, because most commands need
 * it for the account. `localDescription` describes `--local`, if the command can also use the local target.
 */
export function addAccountOptions(command: Command, localDescription?: string): Command {
  if (localDescription === undefined) addBranchOption(addProjectFileOptions(command));
  else
    addBranchOption(addProjectOptions(command)).optionsGroup(OPTION_GROUPS.target).option("--local", localDescription);
  command.addOption(new Option("--remote", "use the account").hideHelp());
  return addRequestOptions(addConnectionOptions(command));
}

/**
 * Adds the options of a command that works only on the local target. The hidden options are accepted, because settings
 * and scripts may select a target for all commands.
 */
export function addLocalOptions(command: Command): Command {
  return addBranchOption(addProjectOptions(command))
    .optionsGroup(OPTION_GROUPS.target)
    .option("--local", "use the local target even if the settings select the remote one")
    .addOption(createTargetOption().hideHelp())
    .addOption(new Option("--remote", "use the remote target").hideHelp())
    .addOption(new Option("--profile <name>", "use a stored profile").hideHelp());
}

/**
 * Returns whether an option exists only for the remote target. Commands that work only on the local target do not have
 * it.
 */
export function isRemoteOption(long: string): boolean {
  return ["--remote", "--target", "--profile", "--api-key", "--base-url", "--timeout", "--yes", "-y"].includes(long);
}

/**
 * Returns the last value of a variadic option that did not directly follow its name, and so may be meant as an
 * argument.
 */
export function findSwallowedArgument(argv: readonly string[], words: readonly string[]): string | undefined {
  return words.findLast((word) => {
    const before = argv[argv.lastIndexOf(word) - 1] ?? "-";
    return !before.startsWith("-") || before.includes("=");
  });
}

/**
 * Describes an argument that a variadic option has taken with its values. `missingArguments` are the arguments that must precede
 * the option.
 */
export function describeSwallowedArgument(
  option: string,
  { word, values, missingArguments }: { word: string; values: readonly string[]; missingArguments: readonly string[] },
): string {
  const pronoun = missingArguments.length > 1 ? "them" : "it";
  const hint = `${option} takes all arguments that follow, including "${word}": put ${missingArguments.join(" ")} first, or -- before ${pronoun}.`;
  if (option !== "--recipients" || values.length < 2) return hint;
  return `${hint} Separate several recipients with commas: --recipients ${values.join(",")}`;
}

/** Applies a command's output flags. The program calls it before each command. */
export function applyVerbosity(output: Output, flags: CommonFlags): void {
  output.verbosity = {
    json: flags.json ?? false,
    quiet: flags.quiet ?? false,
    verbose: flags.verbose ?? false,
  };
}

/** Collects the values of a repeatable option. */
export function collectValues(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** Adds the options for the actor, the data and the tenant of a trigger. Returns the command. */
export function addTriggerOptions(command: Command): Command {
  return command
    .option("-a, --actor <value>", "name the user or object that caused the trigger: an ID, JSON or @file")
    .option("-d, --data <json>", "give trigger data: a JSON object, @file.json or @-; repeat to merge", collectValues)
    .option("--set <path=value>", "set one property of the data (path=text or path:=json)", collectValues)
    .option("-t, --tenant <value>", "name the tenant: an ID or JSON");
}
