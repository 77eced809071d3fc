import { type Command, Help } from "commander";
import { KnockError } from "../errors/knock-error.js";
import { didYouMean } from "../util/find-nearest.js";
import type { CommandContext } from "./context.js";
import type { HelpBlock } from "./help-topics/help-topic.js";
import { HELP_TOPICS } from "./help-topics/topics.js";
import { addExamples } from "./shared/examples.js";
import { COMMAND_GROUPS } from "./shared/help-groups.js";

/** The widest help page, so that lines stay easy to read on a wide terminal. */
const MAX_WIDTH = 80;
const MAX_LISTED_NAMES = 40;

/** Registers `knock help`. The program must have all commands, because any of them may be named. */
export function registerHelp(program: Command, context: CommandContext): void {
  program
    .helpCommand(false)
    .addHelpText("after", `\nHelp topics (knock help <topic>):\n${formatBlock(listTopics(), MAX_WIDTH)}`);
  const command = program
    .command("help")
    .argument("[name...]", "a command and its subcommand, or a topic")
    .helpGroup(COMMAND_GROUPS.settings)
    .summary("Show help for a command or a topic")
    .description("Show help for a command, a subcommand or a topic. Without a name, list commands and topics.");
  addExamples(command, ["knock help notify", "knock help runs show", "knock help targets"]);
  command.action((names: string[]) => {
    printHelp(program, names, context);
  });
}

function listTopics(): [name: string, summary: string][] {
  return Object.entries(HELP_TOPICS).map(([name, { summary }]) => [name, summary]);
}

function printHelp(program: Command, names: readonly string[], { output }: CommandContext): void {
  const [first, ...others] = names;
  if (first === undefined) return program.outputHelp();
  const topic = Object.hasOwn(HELP_TOPICS, first) && others.length === 0 ? HELP_TOPICS[first] : undefined;
  if (topic === undefined) return findCommand(program, names).outputHelp();
  const width = output.isTerminal ? Math.min(output.width, MAX_WIDTH) : MAX_WIDTH;
  const blocks = [`${topic.summary}.`, ...topic.buildBlocks(program), `More: ${topic.page}`];
  output.text(`${blocks.map((block) => formatBlock(block, width)).join("\n\n")}\n`);
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
function findCommand(program: Command, names: readonly string[]): Command {
  let command = program;
  for (const [index, name] of names.entries()) {
    const child = command.commands.find((candidate) => [candidate.name(), ...candidate.aliases()].includes(name));
    if (child !== undefined) {
      command = child;
      continue;
    }
    const known = command.commands.map((candidate) => candidate.name());
    if (command === program) known.push(...Object.keys(HELP_TOPICS));
    const path = names.slice(0, index).join(" ");
    throw new KnockError(
      "usage",
      command === program ? `there is no command or help topic "${name}"` : `knock ${path} has no command "${name}"`,
      {
        hint:
          known.length === 0
            ? `Run \`knock help ${path}\` to see its arguments and options.`
            : didYouMean(name, known, command === program ? "Commands and topics" : "Commands", MAX_LISTED_NAMES),
      },
    );
  }
  return command;
}
