import type { Command, Option } from "commander";
import type { Position } from "../../commands/shared/feature.js";

function findOption(command: Command, word: string): Option | undefined {
  const name = word.split("=")[0];
  return command.options.find(({ long, short }) => long === name || short === name);
}

/** Finds which option or argument of a command the word after `words` belongs to. */
export function findPosition(command: Command, words: readonly string[]): Position {
  const args: string[] = [];
  const values = new Map<string, string>();
  let pending: Option | null = null;
  for (const word of words) {
    if (word.startsWith("-") && word !== "-") {
      const option = findOption(command, word);
      const equals = word.indexOf("=");
      const takesValue = option !== undefined && (option.required || option.optional);
      pending = takesValue && equals === -1 ? option : null;
      if (takesValue && equals !== -1) values.set(option.long ?? "", word.slice(equals + 1));
    } else if (pending !== null) {
      values.set(pending.long ?? "", word);
      if (!pending.variadic) pending = null;
    } else args.push(word);
  }
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[args.length] ?? (last?.variadic ? last : null);
  return { command, option: pending, argument, args, values };
}

/** Returns the subcommand that a group runs if none is named. */
export function findDefaultSubcommand(group: Command): Command | undefined {
  return group.commands.find((command) => ["list", "show"].includes(command.name()));
}
