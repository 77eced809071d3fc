import { type Command, Help, type Option } from "commander";
import { formatExamples } from "../commands/shared/examples.js";
import {
  COMMAND_GROUPS,
  getCommandPath,
  getSummary,
  OPTION_GROUPS,
  SHARED_GROUPS,
} from "../commands/shared/help-groups.js";

/** The narrowest column in which descriptions are wrapped. The terminal breaks the lines of narrower ones. */
const MIN_DESCRIPTION_WIDTH = 20;

/** The headings of groups, in order. Other groups precede them. */
const HEADINGS: readonly string[] = [...Object.values(OPTION_GROUPS), ...Object.values(COMMAND_GROUPS)];

/** The most lines of a page of `-h`. */
const MAX_SHORT_LINES = 40;
const SHORT_EXAMPLES = 2;

/** Cuts a description to one line: before its details, which follow a colon, semicolon or parenthesis, or between words. */
function shortenDescription(text: string, width: number): string {
  if (text.length <= width) return text;
  const [summary = ""] = text.split(/[:;]? \(|[:;] /);
  if (summary.length <= width) return summary;
  return `${text.slice(0, text.lastIndexOf(" ", width - 2))} …`;
}

/**
 * Formats help without the options that many commands share, which the last line names instead, with one line for each
 * other option and with two examples.
 */
function formatShortHelp(command: Command, helper: Help): string {
  const isShared = (option: Option): boolean => SHARED_GROUPS.includes(option.helpGroupHeading ?? "");
  const visible = helper.visibleOptions(command);
  const width = (helper.helpWidth ?? 0) - helper.padWidth(command, helper) - "  ".length * 2;
  const short: Help = Object.assign(Object.create(helper), {
    visibleOptions: () => visible.filter((option) => !isShared(option)),
    optionDescription: (option: Option) => shortenDescription(helper.optionDescription(option), width),
  });
  const groups = HEADINGS.filter((heading) =>
    visible.some((option) => isShared(option) && option.helpGroupHeading === heading),
  );
  const names = groups.map((heading) => heading.slice(0, -1).toLowerCase().replace("postgresql", "PostgreSQL"));
  const more = `Run \`knock ${getCommandPath(command)} --help\` for all options: ${names.join(", ")}.`;
  const page = Help.prototype.formatHelp.call(short, command, short);
  return `${page}${formatExamples(command, SHORT_EXAMPLES)}\n${helper.boxWrap(more, helper.helpWidth ?? 80)}\n`;
}

/**
 * Returns a help configuration that lists commands without "[options]", which all of them have. `showArguments` adds
 * the arguments of each command; it is set for the help of a group. `isShort` shortens long pages, for `-h`.
 */
export function buildHelpConfiguration(showArguments: boolean, isShort = false): Partial<Help> {
  return {
    formatHelp(command: Command, helper: Help): string {
      const page = Help.prototype.formatHelp.call(this, command, helper) + formatExamples(command);
      return isShort && page.split("\n").length > MAX_SHORT_LINES ? formatShortHelp(command, helper) : page;
    },
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
