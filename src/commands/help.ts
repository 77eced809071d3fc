import { type Command, Help } from "commander";
import type { CommandContext } from "../context/command-context.js";
import { KnockError } from "../errors/knock-error.js";
import { didYouMean } from "../util/find-nearest.js";
import { describeCommands, describeProgram } from "./help-topics/describe-program.js";
import { buildErrorPage, ERROR_TOPIC, suggestErrorCode } from "./help-topics/error.js";
import { addExamples } from "./shared/examples.js";
import { COMMAND_GROUPS } from "./shared/help-groups.js";
import { formatMore, type HelpBlock, type HelpTopic } from "./shared/help-topic.js";
import { addCommonOptions } from "./shared/options.js";

/** The widest help page, so that lines stay easy to read on a wide terminal. */
const MAX_WIDTH = 80;
const MAX_LISTED_NAMES = 60;

/** The pages of `knock help`, by topic. */
type HelpTopics = Readonly<Record<string, HelpTopic>>;

/** Registers `knock help`. The program must have all commands, because any of them may be named. */
export function registerHelp(program: Command, context: CommandContext, topics: HelpTopics): void {
  program
    .helpCommand(false)
    .addHelpText(
      "after",
      `\nHelp topics (knock help <topic>):\n${formatBlock(listTopics(topics), MAX_WIDTH)}\n\nDocumentation:\n  knock docs <words>  Search and read the guide and the reference, offline`,
    );
  const command = program
    .command("help")
    .argument("[name...]", "a command and its subcommand, a topic, or error and an error code")
    .helpGroup(COMMAND_GROUPS.settings)
    .summary("Show help for a command, a topic or an error")
    .description(
      "Show help for a command, a subcommand, a topic or an error code. Without a name, list commands and topics.",
    );
  const json = "print one JSON document about all commands, options, exit codes and variables, or about the named ones";
  addExamples(addCommonOptions(command, undefined, { json }), [
    "knock help notify",
    "knock help runs show",
    "knock help exit-codes",
    "knock help error actor_missing",
    "knock help runs --json",
  ]);
  command.action((names: string[]) => {
    printHelp(program, names, topics, context);
  });
}

function listTopics(topics: HelpTopics): [name: string, summary: string][] {
  return [
    ...Object.entries(topics).map(([name, { summary }]): [string, string] => [name, summary]),
    [`${ERROR_TOPIC} <code>`, "The causes of an error and how to fix it"],
  ];
}

function printHelp(
  program: Command,
  names: readonly string[],
  topics: HelpTopics,
  { io, output }: CommandContext,
): void {
  const { json: isJson } = output.verbosity;
  if (names.length === 0)
    return isJson ? output.json(describeProgram(program, io.version, topics)) : program.outputHelp();
  // A program reads about commands, and a person first about the subject, as in `knock help clock`.
  const isNamed = isJson && program.commands.some((command) => command.name() === names[0]);
  const blocks = isNamed ? null : buildPage(program, names, topics);
  if (blocks === null) {
    const command = findCommand(program, names, topics);
    return isJson ? output.json({ commands: describeCommands(command) }) : command.outputHelp();
  }
  const width = output.isTerminal ? Math.min(output.width, MAX_WIDTH) : MAX_WIDTH;
  const text = `${blocks.map((block) => formatBlock(block, width)).join("\n\n")}\n`;
  if (isJson) output.json({ name: names.join(" "), text: output.nameCommand(text) });
  else output.text(text);
}

/** Returns the page of a topic or an error code; null if the names belong to a command. */
function buildPage(
  program: Command,
  [first = "", ...others]: readonly string[],
  topics: HelpTopics,
): readonly HelpBlock[] | null {
  if (first === ERROR_TOPIC && others.length <= 1) return buildErrorPage(others[0]);
  const isTopic = Object.hasOwn(topics, first) || first === ERROR_TOPIC;
  const isCommand = program.commands.some((command) => command.name() === first);
  if (isTopic && !isCommand && others.length > 0)
    throw new KnockError("usage", `the help topic "${first}" has no parts`, { hint: `Run \`knock help ${first}\`.` });
  const topic = Object.hasOwn(topics, first) && others.length === 0 ? topics[first] : undefined;
  if (topic === undefined) return null;
  return [`${topic.summary}.`, ...topic.buildBlocks(program), formatMore(topic.page)];
}

/** Formats a paragraph or a table for a width in columns. */
function formatBlock(block: HelpBlock, width: number): string {
  const help = new Help();
  help.helpWidth = width;
  help.minWidthToWrap = 20;
  if (typeof block === "string") return help.boxWrap(block, width);
  const termWidth = Math.max(...block.map(([term]) => term.length));
  return block.map(([term, description]) => help.formatItem(term, termWidth, description, help)).join("\n");
}

/** Returns the command that words such as `runs show` name. Throws `usage` with the nearest name. */
function findCommand(program: Command, names: readonly string[], topics: HelpTopics): Command {
  let command = program;
  for (const [index, name] of names.entries()) {
    const child = command.commands.find((candidate) => [candidate.name(), ...candidate.aliases()].includes(name));
    if (child !== undefined) {
      command = child;
      continue;
    }
    const known = command.commands.map((candidate) => candidate.name());
    if (command === program) known.push(...Object.keys(topics), ERROR_TOPIC);
    const path = names.slice(0, index).join(" ");
    // A name with an underscore is never a command.
    const errorHint = command === program && name.includes("_") ? suggestErrorCode(name) : undefined;
    throw new KnockError(
      "usage",
      command === program ? `there is no command or help topic "${name}"` : `knock ${path} has no command "${name}"`,
      {
        hint:
          errorHint ??
          (known.length === 0
            ? `Run \`knock help ${path}\` to see its arguments and options.`
            : didYouMean(
                name,
                [...new Set(known)],
                command === program ? "Commands and topics" : "Commands",
                MAX_LISTED_NAMES,
              )),
      },
    );
  }
  return command;
}
