import { type Command, Help, type Option } from "commander";
import { COMMAND_GROUPS, getSummary, OPTION_GROUPS } from "../commands/shared/help-groups.js";

/** The narrowest column in which descriptions are wrapped. The terminal breaks the lines of narrower ones. */
const MIN_DESCRIPTION_WIDTH = 20;

/** The headings of groups, in order. Other groups precede them. */
const HEADINGS: readonly string[] = [...Object.values(OPTION_GROUPS), ...Object.values(COMMAND_GROUPS)];

/**
 * Returns a help configuration that lists commands without "[options]", which all of them have. `showArguments` adds
 * the arguments of each command; it is set for the help of a group.
 */
export function buildHelpConfiguration(showArguments: boolean): Partial<Help> {
  return {
    minWidthToWrap: MIN_DESCRIPTION_WIDTH,
    groupItems<Item extends Command | Option>(_: Item[], visible: Item[], getGroup: (item: Item) => string) {
      const ordered = visible.toSorted((a, b) => HEADINGS.indexOf(getGroup(a)) - HEADINGS.indexOf(getGroup(b)));
      return Help.prototype.groupItems.call(this, ordered, ordered, getGroup as never) as Map<string, Item[]>;
    },
    // The description of an option names its choices.
    optionDescription(option: Option): string {
      const { description, defaultValue, defaultValueDescription } = option;
      const hasDefault = defaultValue !== undefined && (option.required || option.optional);
      return hasDefault ? `${description} (default: ${defaultValueDescription ?? String(defaultValue)})` : description;
    },
    subcommandDescription: getSummary,
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
