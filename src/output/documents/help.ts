import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { definition, flagField, textField, textOrNull } from "../../domain/schema/output-fields.js";
import { ERROR_CODES } from "../../errors/error-codes.js";
import { getKeys } from "../../util/json.js";

const choices = described(
  z.nullable(z.array(z.string())),
  "The accepted values; null if they are not limited to a list.",
);
const defaultValue = textOrNull("The value without this, as a value or in words; null if nothing is used.");

const argumentSchema = definition(
  "argument",
  z.object({
    name: textField("The name."),
    description: textField("The description."),
    required: flagField("Whether the argument must be given."),
    repeatable: flagField("Whether several can be given."),
    choices,
    default: defaultValue,
  }),
);

const optionSchema = definition(
  "option",
  z.object({
    name: textField("The long name, such as --recipients."),
    short: textOrNull("The short name, such as -r, or null."),
    description: textField("The description."),
    value: described(z.enum(["none", "required", "optional"]), "Whether a value follows."),
    required: flagField("Whether the option must be given."),
    repeatable: flagField("Whether several values can be given."),
    choices,
    default: defaultValue,
    group: textField("The heading in the help."),
  }),
);

export const commandDescriptionSchema = definition(
  "command",
  z.object({
    name: textField("The words after knock, such as runs list."),
    aliases: described(z.array(z.string()), "Other words for the same command."),
    group: textField("The heading in the help."),
    summary: textField("The summary."),
    description: textField("The description."),
    arguments: described(z.array(argumentSchema), "The arguments, in order."),
    options: described(z.array(optionSchema), "The options."),
    examples: described(z.array(z.string()), "Command lines, with names of the project in the working directory."),
  }),
);

export const commandHelpSchema = z.object({
  commands: described(z.array(commandDescriptionSchema), "The command, or the commands of the group."),
});

export const helpPageSchema = z.object({
  name: textField("The words after knock help."),
  text: textField("The page."),
});

export const programDescriptionSchema = z.object({
  version: textField("The version of knock."),
  description: textField("The purpose of the program."),
  commands: described(z.array(commandDescriptionSchema), "All commands, in the order of the help."),
  exit_codes: described(
    z.array(
      z.object({
        code: described(z.int(), "The exit code."),
        meaning: textField("Its meaning."),
        error_codes: described(z.array(z.enum(getKeys(ERROR_CODES))), "The codes of errors that set it."),
      }),
    ),
    "The exit codes.",
  ),
  environment_variables: described(
    z.array(
      z.object({
        name: textField("The name."),
        group: textField("The heading in the documentation."),
        meaning: textField("The setting that the variable changes."),
        default: textField("The behavior if the variable is not set; empty if nothing changes."),
        option: textOrNull("The option that takes precedence, or null."),
      }),
    ),
    "The environment variables that commands read.",
  ),
  help_topics: described(
    z.array(z.object({ name: textField("The name, for knock help."), summary: textField("The summary.") })),
    "The topics of knock help. In addition, knock help error explains each error code.",
  ),
});
