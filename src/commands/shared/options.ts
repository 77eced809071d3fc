import { type Command, Option } from "commander";
import type { Output } from "../../output/output.js";

/** Output flags that every command has. */
export interface CommonFlags {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

export function addCommonOptions(command: Command): Command {
  return command
    .option("--json", "print one JSON document")
    .option("-q, --quiet", "print only IDs or nothing")
    .option("--verbose", "print everything");
}

/** Adds the options that select the project and its store. */
export function addProjectOptions(command: Command): Command {
  return command
    .option("--project <dir>", "folder with knock.json (default: this folder or the nearest parent)")
    .option("--environment <name>", "apply environments/<name>.json over environment.json")
    .option("--knock-dir <dir>", "folder with workflows/ (default: knockDir in knock.json)")
    .option(
      "--store <location>",
      "local store: a file or :memory: (default: .knock-local/store.db next to knock.json)",
    );
}

/** Adds the options that select the target and connect to the remote one. */
export function addTargetOptions(command: Command): Command {
  return addProjectOptions(command)
    .addOption(
      new Option("--target <target>", "local (embedded engine) or remote (API) (default: local)").choices([
        "local",
        "remote",
      ]),
    )
    .option("--local", "same as --target local")
    .option("--remote", "same as --target remote")
    .option("--profile <name>", "stored profile to use (see `knock auth login`)")
    .option("--api-key <key>", "API key (prefer KNOCK_API_KEY or a profile)")
    .option("--base-url <url>", "base URL of the API")
    .option("--branch <slug>", "branch of the project")
    .option("--timeout <duration>", "time limit for one HTTP request (default: 60s)")
    .option("-y, --yes", "use a live key without asking");
}

const examplesByCommand = new WeakMap<Command, readonly string[]>();

/** Returns the first example of a command or group. */
export function getFirstExample(command: Command): string | undefined {
  return examplesByCommand.get(command)?.[0];
}

/** Returns the first example that shows one of an option's flags, or undefined. */
export function findExample(command: Command, flags: readonly string[]): string | undefined {
  return examplesByCommand.get(command)?.find((example) => flags.some((flag) => example.split(" ").includes(flag)));
}

/** Adds the first example of each subcommand to a group's help. */
export function addGroupExamples(group: Command): void {
  const examples = group.commands.flatMap((command) => examplesByCommand.get(command)?.[0] ?? []);
  if (examples.length > 0) addExamples(group, examples);
}

/** Adds examples below a command's help. */
export function addExamples(command: Command, examples: readonly string[]): Command {
  examplesByCommand.set(command, examples);
  return command.addHelpText("after", `\nExamples:\n${examples.map((example) => `  $ ${example}`).join("\n")}`);
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
 * Describes an argument that a variadic option has taken. `missingArguments` are the arguments that must precede the
 * option.
 */
export function describeSwallowedArgument(
  option: string,
  word: string,
  missingArguments: string,
  isPlural = false,
): string {
  return `${option} takes all arguments that follow, including "${word}": put ${missingArguments} first, or -- before ${isPlural ? "them" : "it"}.`;
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
