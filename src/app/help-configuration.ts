import type { Command, Help } from "commander";

/** In columns narrower than this, descriptions are not wrapped, and the terminal breaks the lines. */
const MIN_DESCRIPTION_WIDTH = 20;

/**
 * Returns a help configuration that lists commands without "[options]", which all of them have. `showArguments` adds
 * the arguments of each command; it is set for the help of a group.
 */
export function buildHelpConfiguration(showArguments: boolean): Partial<Help> {
  return {
    minWidthToWrap: MIN_DESCRIPTION_WIDTH,
    subcommandTerm: (command: Command): string => {
      const names = [command.name(), ...command.aliases()].join("|");
      if (!showArguments) return names;
      const argumentTerms = command.registeredArguments.map((argument) => {
        const name = argument.name() + (argument.variadic ? "..." : "");
        return argument.required ? `<${name}>` : `[${name}]`;
      });
      return [names, ...argumentTerms].join(" ");
    },
  };
}

/** Shows text defaults without quotes, as a user types them. */
export function unquoteDefaults(command: Command): void {
  for (const parameter of [...command.options, ...command.registeredArguments])
    if (typeof parameter.defaultValue === "string") parameter.defaultValueDescription ??= parameter.defaultValue;
}
