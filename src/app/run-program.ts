import { Command, CommanderError, Option, type OutputConfiguration } from "commander";
import { addGroupExamples, type ExampleNames, getExamples, setExampleNames } from "../commands/shared/examples.js";
import type { RegisterCommand } from "../commands/shared/feature.js";
import { getCommandPath, OPTION_GROUPS } from "../commands/shared/help-groups.js";
import { applyVerbosity, type CommonFlags } from "../commands/shared/options.js";
import type { CommandContext } from "../context/command-context.js";
import { KnockError } from "../errors/knock-error.js";
import { quoteForShell } from "../input/restore-quotes.js";
import { correctWord, didYouMean } from "../util/find-nearest.js";
import { buildHelpConfiguration, unquoteDefaults } from "./help-configuration.js";
import { readExampleNames } from "./read-example-names.js";
import { findTypographicOption, suggestSubcommand } from "./suggest-command.js";
import {
  createUnknownCommandError,
  createWorkflowCommandError,
  isOfficialWorkflowCommand,
  KNOWN_WORDS,
} from "./unknown-command.js";
import { listCommands, nameCursorOption, toUsageError } from "./usage-error.js";

/** Returns the value of an option that selects the project, before the arguments are parsed. */
function findOptionValue(argv: readonly string[], option: string): string | undefined {
  const at = argv.findLastIndex((word) => word === option || word.startsWith(`${option}=`));
  if (at === -1) return undefined;
  return argv[at] === option ? argv[at + 1] : argv[at]?.slice(option.length + 1);
}

/**
 * Returns names for examples from the project at hand; null without a project, or if it cannot be opened. Then the help
 * shows the names of the sample project.
 */
async function findExampleNames({ argv, io, target }: CommandContext): Promise<ExampleNames | null> {
  const flags = {
    project: findOptionValue(argv, "--project"),
    knockDir: findOptionValue(argv, "--knock-dir"),
    store: findOptionValue(argv, "--store"),
  };
  try {
    const { project, location } = await target.locate(flags);
    return await readExampleNames(project, location, io.cwd);
  } catch {
    return null;
  }
}

/** Returns the error for an unknown command with another hint if the command is the key of a workflow. */
async function suggestWorkflow(
  error: KnockError,
  words: readonly string[],
  context: CommandContext,
): Promise<KnockError> {
  const names = await context.project.readNames({}).catch(() => null);
  if (!names?.workflows.includes(words[0] ?? "")) return error;
  const meant = ["notify", ...words];
  const hint = `Did you mean \`knock ${meant.map(quoteForShell).join(" ")}\`?`;
  return error.copyWith({ hint: { hint, typed: words, meant } });
}

/** Commands by name. Each is imported when argv names it, so that a start loads only the command that it runs. */
export type Commands = Readonly<Record<string, () => Promise<RegisterCommand>>>;

/** The commands of a process. */
export interface Program {
  commands: Commands;
  /** The topics of `knock help`. */
  topics: readonly string[];
  /** Prints what completes the command line in the environment. */
  completeLine?(context: CommandContext): Promise<void>;
}

/** The width in columns of help that is not written to a terminal. */
const PIPE_WIDTH = 80;

/** The hidden command that the script of `knock completion` runs for each completion. */
const COMPLETION_COMMAND = "completion-server";

const HELP_FLAGS = "-h, --help";
const HELP_DESCRIPTION = "show this help; -h shortens long pages";

const ALIASES: Record<string, string> = { trigger: "notify", run: "runs", message: "messages" };

/**
 * Rewrites other spellings: `knock workflow run <key>` and `knock workflow generate-types`, which are the official tool's
 * `notify` and `types`, and `knock --help runs`.
 */
function normalizeArguments(argv: readonly string[]): string[] {
  const [first, second = ""] = argv;
  if (first === "workflow" && second === "run") return ["notify", ...argv.slice(2)];
  if (first === "workflow" && second === "generate-types") return ["types", ...argv.slice(2)];
  if (first === "workflow") throw createWorkflowCommandError(second);
  const isHelpFlag = (first === "--help" || first === "-h") && /^[a-z]/.test(second);
  if (first !== "help" && !isHelpFlag) return [...argv];
  const [name = "", ...rest] = argv.slice(1);
  if (name === "workflow" && rest[0] === "run") return ["help", "notify"];
  if (name === "workflow" && rest[0] === "generate-types") return ["help", "types"];
  return ["help", ...(name === "" ? [] : [ALIASES[name] ?? name]), ...rest];
}

/**
 * Returns the command that argv names: a subcommand if the next words name one, otherwise the group, whose examples
 * include those of all its subcommands.
 */
function findNamedCommand(program: Command, name: string, [, ...words]: readonly string[]): Command | undefined {
  let command = program.commands.find((candidate) => candidate.name() === name);
  for (const word of words) {
    const child = command?.commands.find((candidate) => candidate.name() === word);
    if (child === undefined) break;
    command = child;
  }
  return command;
}

/**
 * Sets the names in examples to those of the project at hand. The project is read only to show help or an error, so
 * that it does not slow down commands.
 */
async function nameExamples(program: Command, context: CommandContext): Promise<void> {
  const names = await findExampleNames(context);
  if (names !== null) setExampleNames(program, names);
}

/** Runs the command that argv names. Throws `usage` if the arguments are not valid. */
export async function runProgram(
  { commands, topics, completeLine }: Program,
  argv: readonly string[],
  version: string,
  context: CommandContext,
): Promise<void> {
  if (argv[0] === COMPLETION_COMMAND) return completeLine?.(context);
  const { output } = context;
  const writeOut = (text: string): void => output.text(text);
  const outputConfiguration: OutputConfiguration = {
    writeOut,
    writeErr: () => {},
    outputError: () => {},
    // Without these, commander reads the process's own stream, which loads Node's streams and may not be the stream
    // that is written to.
    getOutHelpWidth: () => (output.isTerminal ? output.width : PIPE_WIDTH),
    getOutHasColors: () => false,
  };
  const args = normalizeArguments(argv);
  const [first = "", second = ""] = args;
  const name = ALIASES[first] ?? first;
  const program = new Command(context.io.name);
  program
    .description("Trigger, run and test notification workflows, against the API or offline with the embedded engine.")
    .version(version, "-V, --version", "print the version of knock")
    .helpOption(HELP_FLAGS, HELP_DESCRIPTION)
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp(buildHelpConfiguration(false))
    .configureOutput(outputConfiguration)
    .hook("preAction", (_, command) => applyVerbosity(context.output, command.opts<CommonFlags>()));

  const load = Object.hasOwn(commands, name) && name !== "help" ? commands[name] : undefined;
  if (load) (await load())(program, context);
  else {
    // The name of a help topic is a topic in `knock help`, also if it is a command of another tool.
    const isKnown = Object.hasOwn(commands, second) || topics.includes(second);
    const unknown = name !== "help" ? args : KNOWN_WORDS.includes(second) && !isKnown ? [second] : [];
    if (unknown[0] && !unknown[0].startsWith("-"))
      throw await suggestWorkflow(createUnknownCommandError(unknown, Object.keys(commands), topics), args, context);
    for (const loadOne of Object.values(commands)) (await loadOne())(program, context);
    program.addHelpText("after", "\nGet started:\n  $ knock init && knock notify hello --recipients ada\n");
  }
  // Commands do not inherit settings that are made on the program after they are registered, so each gets them here.
  for (const command of listCommands(program)) {
    const isGroup = command.commands.length > 0;
    if (isGroup) addGroupExamples(command.helpCommand("help [command]", "Show help for a command"));
    else command.addHelpOption(new Option(HELP_FLAGS, HELP_DESCRIPTION).helpGroup(OPTION_GROUPS.output));
    unquoteDefaults(command);
    command
      .configureHelp(buildHelpConfiguration(isGroup, args.includes("-h")))
      .exitOverride()
      .showSuggestionAfterError()
      .configureOutput(outputConfiguration);
  }
  if (name === "help" || args.some((word) => word === "--help" || word === "-h") || args.length === 0)
    await nameExamples(program, context);
  if (args.length === 0) {
    program.outputHelp();
    return;
  }
  checkSubcommand(program, name, args);
  checkTypographicDashes(findNamedCommand(program, name, args), args);
  try {
    await program.parseAsync(args[0] === first && name !== first ? [name, ...args.slice(1)] : args, {
      from: "user",
    });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw nameCursorOption(error, args);
    if (error.exitCode === 0) return;
    await nameExamples(program, context);
    if (error.code === "commander.help") {
      // A group without a default command was named alone, so its subcommands are listed.
      const group = findNamedCommand(program, name, args) ?? program;
      const lines = getExamples(group).map((example) => `Get started: ${example}`);
      const line = lines.find(({ length }) => length <= PIPE_WIDTH);
      if (line !== undefined) writeOut(`${line}\n\n`);
      group.outputHelp();
      return;
    }
    throw toUsageError(error, program, findNamedCommand(program, name, args), args);
  }
}

/**
 * Rejects an unknown subcommand, as in `knock runs lst`. Without this check, commander passes it as an argument to the
 * group's default subcommand.
 */
function checkSubcommand(program: Command, name: string, [first = "", ...words]: readonly string[]): void {
  let group = program.commands.find((command) => command.name() === name);
  let typed = first;
  for (const [index, word] of words.entries()) {
    if (!group || group.commands.length === 0 || word.startsWith("-") || word === "help") return;
    const child = group.commands.find((command) => command.name() === word);
    if (child === undefined) {
      if (name === "workflows" && isOfficialWorkflowCommand(word)) throw createWorkflowCommandError(word);
      const known = group.commands.map((command) => command.name());
      throw new KnockError("usage", `knock ${getCommandPath(group)} has no command "${word}"`, {
        hint: suggestSubcommand(group, typed, words.slice(index)) ?? didYouMean(word, known, "Commands"),
      });
    }
    [group, typed] = [child, word];
  }
}

/**
 * Rejects an option with a typographic dash, such as `—set` pasted from a word processor. Without this check, it is
 * read as a recipient or as data.
 */
function checkTypographicDashes(command: Command | undefined, words: readonly string[]): void {
  const end = words.indexOf("--");
  const beforeSeparator = end === -1 ? words : words.slice(0, end);
  const [word, option] = (command && findTypographicOption(command, beforeSeparator)) ?? [];
  if (word !== undefined)
    throw new KnockError("usage", `"${word}" begins with a dash that a text processor made`, {
      hint: option && correctWord(word, word.replace(/^[^=]*/, option), `Did you mean ${option}?`),
    });
}
