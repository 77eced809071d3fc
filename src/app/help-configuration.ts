import type { Command, Help } from "commander";

/** Below this many columns a description is left to the terminal to break. */
const MIN_DESCRIPTION_WIDTH = 20;

/** Lists of commands without "[options]", which all of them have; `withArguments` where they are a group's. */
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

/** Defaults of text are shown as they are typed, without quotes. */
export function unquoteDefaults(command: Command): void {
  for (const parameter of [...command.options, ...command.registeredArguments])
    if (typeof parameter.defaultValue === "string") parameter.defaultValueDescription ??= parameter.defaultValue;
}
