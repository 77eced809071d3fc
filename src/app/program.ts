import { Command, CommanderError } from "commander";
import type { CommandContext, Register } from "../commands/context.js";
import { addGroupExamples, firstExample } from "../commands/shared/options.js";
import { KnockError } from "../errors/knock-error.js";
import { didYouMean } from "../util/nearest.js";
import { allCommands, usageError } from "./usage-error.js";

/** Commands by name, each loaded when argv names it: a start pays only for the command it runs. */
export type Commands = Readonly<Record<string, () => Promise<Register>>>;

const ALIASES: Record<string, string> = { trigger: "notify", run: "runs", message: "messages" };

/** `knock workflow run <key>` is the official tool's spelling of notify. */
function normalized(argv: readonly string[]): string[] {
  return argv[0] === "workflow" && argv[1] === "run" ? ["notify", ...argv.slice(2)] : [...argv];
}

/** The command that argv names: a group's, where its second word is one; of a group alone the examples of all are known. */
function namedCommand(program: Command, name: string, [, second]: readonly string[]): Command | undefined {
  const group = program.commands.find((command) => command.name() === name);
  return group?.commands.find((command) => command.name() === second) ?? group;
}

/** Runs the command that argv names. Throws KnockError for wrong usage. */
export async function runProgram(
  commands: Commands,
  argv: readonly string[],
  version: string,
  context: CommandContext,
  streams: { out(text: string): void; err(text: string): void },
): Promise<void> {
  const words = normalized(argv);
  const [first = ""] = words;
  const name = ALIASES[first] ?? first;
  const program = new Command("knock");
  program
    .description("Trigger, run and test notification workflows: against the API, or offline with the embedded engine.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: streams.out, writeErr: () => {}, outputError: () => {} });

  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load) (await load())(program, context);
  else {
    const asked = first === "help" ? (words[1] ?? "") : first;
    if (
      asked !== "" &&
      asked !== "help" &&
      !asked.startsWith("-") &&
      !Object.hasOwn(commands, ALIASES[asked] ?? asked)
    ) {
      throw new KnockError("usage", `there is no command "${asked}"`, {
        hint: didYouMean(asked, Object.keys(commands), "Commands"),
      });
    }
    for (const loadOne of Object.values(commands)) (await loadOne())(program, context);
    program.addHelpText("after", "\nStart here:\n  $ knock init && knock notify hello --recipients ada\n");
  }
  // Settings made on the program are not inherited by commands registered before them; these are.
  for (const command of allCommands(program)) {
    if (command.commands.length > 0) addGroupExamples(command);
    command
      .exitOverride()
      .showSuggestionAfterError()
      .configureOutput({ writeOut: streams.out, writeErr: () => {}, outputError: () => {} });
  }
  if (words.length === 0) {
    streams.out(program.helpInformation());
    return;
  }
  checkSubcommand(program, name, words);
  try {
    await program.parseAsync(words[0] === first && name !== first ? [name, ...words.slice(1)] : words, {
      from: "user",
    });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    if (error.code === "commander.help") {
      // A group without a default, named alone: what it has is the answer.
      const group = program.commands.find((command) => command.name() === name) ?? program;
      const first = firstExample(group);
      if (first !== undefined) streams.out(`Begin with: ${first}\n\n`);
      group.outputHelp();
      return;
    }
    throw usageError(error, program, namedCommand(program, name, words), words);
  }
}

/** `knock runs lst`: with a default subcommand, commander would take the slip for an argument of that. */
function checkSubcommand(program: Command, name: string, [, second]: readonly string[]): void {
  const group = program.commands.find((command) => command.name() === name);
  if (!group || group.commands.length === 0 || second === undefined || second.startsWith("-") || second === "help")
    return;
  const known = group.commands.map((command) => command.name());
  if (!known.includes(second))
    throw new KnockError("usage", `knock ${name} has no command "${second}"`, {
      hint: didYouMean(second, known, "Commands"),
    });
}
