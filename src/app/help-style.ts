import type { Command, Help } from "commander";

/** Below this many columns a description is left to the terminal to break. */
const NARROWEST = 20;

/** Lists of commands without "[options]", which all of them have; `withArguments` where they are a group's. */
export function helpStyle(withArguments: boolean): Partial<Help> {
  return {
    minWidthToWrap: NARROWEST,
    subcommandTerm: (command: Command): string => {
      const names = [command.name(), ...command.aliases()].join("|");
      if (!withArguments) return names;
      const words = command.registeredArguments.map((one) => {
        const name = one.name() + (one.variadic ? "..." : "");
        return one.required ? `<${name}>` : `[${name}]`;
      });
      return [names, ...words].join(" ");
    },
  };
}

/** Defaults of text are shown as they are typed, without quotes. */
export function plainDefaults(command: Command): void {
  for (const one of [...command.options, ...command.registeredArguments])
    if (typeof one.defaultValue === "string") one.defaultValueDescription ??= one.defaultValue;
}
