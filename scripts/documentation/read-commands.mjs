// Reads the commands as the program defines them.
import { Command } from "commander";
import { loadProgram } from "./load-program.mjs";

const { describeParameter: describe } = await loadProgram();

/** Returns all commands as commander defines them. */
export async function readCommands() {
  const { PROGRAM, Output, createContext } = await loadProgram();
  const stream = { isTTY: false, write() {} };
  const io = {
    argv: [],
    env: {},
    cwd: process.cwd(),
    cachePrefix: null,
    name: "knock",
    threadFile: null,
    stdout: stream,
    stderr: stream,
  };
  const program = new Command("knock");
  const services = createContext(io, await Output.open(io), () => {});
  for (const load of Object.values(PROGRAM.commands)) (await load())(program, services);
  return program.commands;
}

/** Returns the subcommands of a group and of the groups in it, or the command itself if it is not a group. */
export const listLeaves = (command) => (command.commands.length > 0 ? command.commands.flatMap(listLeaves) : [command]);

/** Returns the name of a command as a user types it: `knock runs list`. */
export function formatCommandName(command) {
  const names = [];
  for (let current = command; current; current = current.parent) names.unshift(current.name());
  return names.join(" ");
}

/** Returns the visible options of a command. */
export const listOptions = (command) => command.options.filter((option) => !option.hidden);

/** Returns an argument as the usage shows it: `<id...>` or `[folder]`. */
export function formatArgument(argument) {
  const name = argument.name() + (argument.variadic ? "..." : "");
  return argument.required ? `<${name}>` : `[${name}]`;
}

export function formatUsage(command) {
  return [formatCommandName(command), ...command.registeredArguments.map(formatArgument), "[options]"].join(" ");
}

/** Returns the description with its choices, and the default, of an option or argument. */
export function describeParameter(parameter) {
  const { text, choices, default: value } = describe(parameter);
  const isMissing = choices?.some((choice) => !text.includes(choice)) ?? false;
  return { text: isMissing ? `${text}: one of ${choices.join(", ")}` : text, default: value };
}
