import type { Argument, Command, Option } from "commander";
import type * as z from "zod/mini";
import { ERROR_CODES, EXIT } from "../../errors/error-codes.js";
import { EXIT_CODE_MEANINGS } from "../../errors/exit-code-meanings.js";
import type { commandDescriptionSchema, programDescriptionSchema } from "../../output/documents/help.js";
import { getKeys } from "../../util/json.js";
import { describeParameter } from "../shared/describe-parameter.js";
import { ENVIRONMENT_VARIABLES } from "../shared/environment-variables.js";
import { getExamples } from "../shared/examples.js";
import { getCommandPath, getSummary } from "../shared/help-groups.js";
import { type HelpTopic, toPlainText } from "../shared/help-topic.js";
import { ValueOption } from "../shared/options.js";

type CommandDescription = z.infer<typeof commandDescriptionSchema>;
type ProgramDescription = z.infer<typeof programDescriptionSchema>;

const toTitle = (heading: string | undefined): string => (heading ?? "Options:").replace(/:$/, "");

function describeArgument(argument: Argument): CommandDescription["arguments"][number] {
  const { text, choices, default: value } = describeParameter(argument);
  return {
    name: argument.name(),
    description: text,
    required: argument.required,
    repeatable: argument.variadic,
    choices: choices === null ? null : [...choices],
    default: value,
  };
}

function describeOption(option: Option): CommandDescription["options"][number] {
  const { text, choices, default: value } = describeParameter(option);
  const known = option instanceof ValueOption ? option.values : choices;
  return {
    name: option.long ?? option.flags,
    short: option.short ?? null,
    description: text,
    value: !option.required && !option.optional ? "none" : option.required ? "required" : "optional",
    required: option.mandatory,
    repeatable: option.variadic,
    choices: known === null ? null : [...known],
    default: value,
    group: toTitle(option.helpGroupHeading),
  };
}

/** Returns the other names of a command of a group: those of the group's aliases, and the group alone if it is the default. */
function listAliases(command: Command, group: Command | null): string[] {
  if (group === null) return command.aliases();
  const names = [group.name(), ...group.aliases()];
  const { _defaultCommandName: defaultName } = group as Command & { _defaultCommandName?: string | null };
  const isDefault = defaultName === command.name();
  return [...group.aliases().map((alias) => `${alias} ${command.name()}`), ...(isDefault ? names : [])];
}

/** Returns the command of the program that contains a command. */
function findTopCommand(command: Command): Command {
  return command.parent?.parent ? findTopCommand(command.parent) : command;
}

function describeCommand(command: Command, group: Command | null): CommandDescription {
  return {
    name: getCommandPath(command),
    aliases: listAliases(command, group),
    group: toTitle(findTopCommand(command).helpGroup()),
    summary: getSummary(command),
    description: command.description(),
    arguments: command.registeredArguments.map(describeArgument),
    options: command.options.filter(({ hidden }) => !hidden).map(describeOption),
    examples: [...getExamples(command)],
  };
}

/** Returns the descriptions of a command, or of all commands of a group or of the program. */
export function describeCommands(command: Command): CommandDescription[] {
  if (command.commands.length > 0) return command.commands.flatMap(describeCommands);
  return [describeCommand(command, command.parent?.parent ? command.parent : null)];
}

/** Returns the description of everything that a program needs to know to run commands. */
export function describeProgram(
  program: Command,
  version: string,
  topics: Readonly<Record<string, HelpTopic>>,
): ProgramDescription {
  return {
    version,
    description: program.description(),
    commands: describeCommands(program),
    exit_codes: getKeys(EXIT).map((name) => ({
      code: EXIT[name],
      meaning: toPlainText(EXIT_CODE_MEANINGS[name]),
      error_codes: getKeys(ERROR_CODES).filter((code) => ERROR_CODES[code].exit === EXIT[name]),
    })),
    environment_variables: ENVIRONMENT_VARIABLES.map(({ name, group, meaning, default: value, flag }) => ({
      name,
      group,
      meaning: toPlainText(meaning),
      default: toPlainText(value),
      option: flag ?? null,
    })),
    help_topics: Object.entries(topics).map(([name, { summary }]) => ({ name, summary })),
  };
}
