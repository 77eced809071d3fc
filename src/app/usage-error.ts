import type { Command, CommanderError } from "commander";
import { findExample, getExamples } from "../commands/shared/examples.js";
import { getCommandPath } from "../commands/shared/help-groups.js";
import { describeSwallowedArgument, findSwallowedArgument, isRemoteOption } from "../commands/shared/options.js";
import { KnockError } from "../errors/knock-error.js";
import { quoteForShell } from "../input/restore-quotes.js";
import { correctWord, didYouMean, findNearest, type Hint } from "../util/find-nearest.js";
import { suggestForExcessArguments, suggestQuotedCommand } from "./suggest-command.js";
import { findResourceHint } from "./unknown-command.js";

/** Yields every command of a program, each group before its subcommands. */
export function* listCommands(command: Command): Generator<Command> {
  for (const child of command.commands) {
    yield child;
    yield* listCommands(child);
  }
}

/** Returns a hint for a missing argument if a variadic option of the same command has taken it. */
function suggestForMissingArgument(program: Command, argv: readonly string[]): string | undefined {
  for (const command of listCommands(program)) {
    for (const option of command.options.filter(({ variadic }) => variadic)) {
      const values: unknown = command.getOptionValue(option.attributeName());
      if (!Array.isArray(values)) continue;
      const word = findSwallowedArgument(argv, values);
      if (word === undefined) continue;
      const missingArguments = command.registeredArguments
        .filter(({ required }) => required)
        .map((argument) => `<${argument.name()}>`);
      return describeSwallowedArgument(option.long ?? option.flags, { word, values, missingArguments });
    }
  }
  return undefined;
}

/** Names that other tools use for an option, with the options of this tool. */
const RECIPIENT_OPTIONS = ["--recipients", "--recipient"];
const OPTION_SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  "--to": RECIPIENT_OPTIONS,
  "--for": RECIPIENT_OPTIONS,
  "--user": RECIPIENT_OPTIONS,
  "--users": RECIPIENT_OPTIONS,
  "--payload": ["--data"],
};

/** Returns options that an unknown one may stand for. Commander itself suggests options with a similar spelling. */
function suggestOptions(unknown: string, command: Command): string[] {
  // If only a group is named, the option may belong to one of its subcommands.
  const options = [command, ...command.commands].flatMap((candidate) => candidate.options);
  const known = [...new Set(options.flatMap(({ long }) => long ?? []))];
  const synonym = (Object.hasOwn(OPTION_SYNONYMS, unknown) ? OPTION_SYNONYMS[unknown] : undefined)?.find((name) =>
    known.includes(name),
  );
  if (synonym !== undefined) return [synonym];
  if (unknown.startsWith("--")) return unknown.length < 5 ? [] : known.filter((name) => name.startsWith(unknown));
  const sameLetter = options.find(({ short }) => short === swapCase(unknown))?.short;
  if (sameLetter !== undefined) return [sameLetter];
  return known.filter((name) => name.startsWith(`-${unknown.slice(0, 2).toLowerCase()}`)).sort();
}

/** Returns the program's own options for an unknown one if no command is named. */
function suggestProgramOptions(unknown: string, program: Command): string[] {
  return program.options.flatMap(({ short, long }) => (short === swapCase(unknown) ? (long ?? []) : []));
}

/** Returns a hint for an option with the name of an argument, as in `cancel invite --cancellation-key invite-42`. */
function suggestArgument(message: string, named: Command | undefined): string | undefined {
  const name = /^unknown option '--([\w-]+)/.exec(message)?.[1];
  const known = named?.registeredArguments.map((argument) => argument.name()) ?? [];
  if (named === undefined || name === undefined || !known.includes(name)) return undefined;
  const words = [getCommandPath(named), ...known.map((word) => `<${word}>`)];
  return `Give it as an argument: \`knock ${words.join(" ")}\`.`;
}

/**
 * Returns a hint for an option such as `--email zoe@example.com` in a command that sets properties or data with `--set`.
 * `similar` is the option that commander suggests.
 */
function suggestPropertyOption(
  message: string,
  similar: string,
  named: Command | undefined,
  argv: readonly string[],
): Hint | undefined {
  const [, option = "", name = ""] = /^unknown option '(--([\w-]+))/.exec(message) ?? [];
  if (name === "" || !named?.options.some(({ long }) => long === "--set")) return undefined;
  const index = argv.findIndex((word) => word === option || word.startsWith(`${option}=`));
  const assigned = argv[index]?.slice(option.length + 1) ?? "";
  const value = assigned || (argv[index + 1] ?? "");
  const hasValue = value !== "" && !value.startsWith("-");
  if (named.name() !== "set" && !hasValue) return undefined;
  const flag = `--set ${hasValue ? quoteForShell(`${name}=${value}`) : `${name}=…`}`;
  const known = /^Did you mean (.*)\?$/.exec(similar)?.[1];
  // A difference of one letter is a typing mistake.
  const typed = assigned === "" ? [option, value] : [`${option}=${assigned}`];
  if (known === undefined || named.name() === "set")
    return hasValue
      ? { hint: `Did you mean ${flag}?`, typed, meant: ["--set", `${name}=${value}`] }
      : `Did you mean ${flag}?`;
  const similarOptions = known.replace(/^one of /, "").split(", ");
  return findNearest(option, similarOptions, 1) === undefined
    ? `Did you mean ${flag}, or the option ${known}?`
    : undefined;
}

/**
 * Returns a hint for an object that is written as one word in a command that expects its collection and its ID as two
 * words.
 */
function suggestObjectWords(argv: readonly string[]): Hint | undefined {
  const reference = argv.find((word) => /^[^-/{[][^/]*\/[^/]+$/.test(word));
  return reference === undefined
    ? undefined
    : {
        hint: `Give the collection and the ID as two arguments: ${reference.replace("/", " ")}`,
        typed: [reference],
        meant: reference.split("/"),
      };
}

function swapCase(flag: string): string {
  return flag === flag.toLowerCase() ? flag.toUpperCase() : flag.toLowerCase();
}

/** Returns a hint for a value such as `-1h`, which looks like an option; durations are never negative. */
function suggestForNegative(unknown: string, named: Command | undefined): string | undefined {
  if (!/^-[\d.]/.test(unknown)) return undefined;
  if (named?.name() === "advance") return "Run `knock clock set <time> --force` to move the clock back.";
  return "Numbers must not be negative.";
}

function suggestForUnknownOption(message: string, named: Command | undefined, program: Command): Hint | undefined {
  const unknown = /^unknown option '([^'=]+)/.exec(message)?.[1];
  if (unknown === undefined) return undefined;
  const special = (named && suggestQuotedCommand(named)) ?? suggestForNegative(unknown, named);
  if (special !== undefined) return special;
  const suggestions = named === undefined ? suggestProgramOptions(unknown, program) : suggestOptions(unknown, named);
  if (suggestions.length === 0) return undefined;
  const [only = "", ...others] = suggestions;
  return others.length === 0
    ? correctWord(unknown, only, `Did you mean ${only}?`)
    : `Did you mean one of ${suggestions.join(", ")}?`;
}

/**
 * Returns the error for an option of the remote target in a command that works only on the local target, or undefined.
 */
function createLocalOnlyError(text: string, named: Command | undefined): KnockError | undefined {
  const option = /^unknown option '([^'=]+)/.exec(text)?.[1];
  if (named === undefined || option === undefined || !isRemoteOption(option)) return undefined;
  // If only a group is named, commander has read the options of one of its subcommands.
  const known = [named, ...named.commands].flatMap(({ options }) => options.map(({ long }) => long));
  if (!known.includes("--store") || known.includes(option)) return undefined;
  const path = named.parent?.parent ? `${named.parent.name()} ${named.name()}` : named.name();
  const message = `knock ${path} works only on the local target and does not support ${option}`;
  return new KnockError("not_supported", message, { hint: `Remove ${option}.` });
}

/** Returns a hint for an option after `--`, where it counts as an ordinary word. */
function suggestForTrailingOption(argv: readonly string[]): string | undefined {
  const end = argv.indexOf("--");
  const option = end === -1 ? undefined : argv.slice(end + 1).find((word) => /^-./.test(word));
  return option === undefined ? undefined : `Everything after -- is an argument: put ${option} before it.`;
}

/** Errors that are best explained with an example. */
const EXAMPLE_ERRORS = new Set([
  "commander.missingArgument",
  "commander.optionMissingArgument",
  "commander.missingMandatoryOptionValue",
  "commander.unknownOption",
  "commander.excessArguments",
]);

/**
 * Returns the error for a value that is not one of the choices of an option or an argument; undefined for another error of
 * commander.
 */
function createChoiceError(message: string): KnockError | undefined {
  const [, flags, value = "", argument, choices = ""] =
    /^(?:option '(.+)' argument|command-argument value) '(.*)' is invalid(?: for argument '(.+)')?\. Allowed choices are (.+)\.$/.exec(
      message,
    ) ?? [];
  const name = flags?.match(/--[\w-]+/)?.[0] ?? (argument && `<${argument}>`);
  if (name === undefined) return undefined;
  return new KnockError("usage", `${name}: there is no ${JSON.stringify(value)}`, {
    hint: (argument && findResourceHint(value)) || didYouMean(value, choices.split(", "), "One of"),
  });
}

/** Converts an error of commander to a `usage` error with a hint. `named` is the command that argv names. */
export function toUsageError(
  error: CommanderError,
  program: Command,
  named: Command | undefined,
  argv: readonly string[],
): KnockError {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const localOnly = createLocalOnlyError(first, named);
  if (localOnly !== undefined) return localOnly;
  const [, expected, got] = /^too many arguments .*Expected (\d+) arguments? but got (\d+)/.exec(first) ?? [];
  const message = expected === undefined ? first : `too many arguments: expected ${expected}, found ${got}`;
  const choiceError = createChoiceError(first);
  if (choiceError !== undefined) return choiceError;
  const flags =
    /^(?:required )?option '([^']+)' (?:argument missing|not specified)/.exec(first)?.[1]?.match(/(?<!\S)--?[\w-]+/g) ??
    [];
  const example =
    EXAMPLE_ERRORS.has(error.code) && named !== undefined
      ? (findExample(named, flags) ?? getExamples(named)[0])
      : undefined;
  const help = `${example === undefined ? "" : `For example: ${example}. `}Add --help to list the arguments and options.`;
  const suggestion = rest
    .join(" ")
    .replace(/^\(|\)$/g, "")
    .trim();
  const suggestByCode: Readonly<Record<string, () => Hint | undefined>> = {
    "commander.missingArgument": () =>
      suggestForMissingArgument(program, argv) ?? (/'id'$/.test(first) ? suggestObjectWords(argv) : undefined),
    "commander.unknownOption": () => suggestForUnknownOption(first, named, program),
    "commander.excessArguments": () =>
      (named && suggestQuotedCommand(named)) ??
      suggestForTrailingOption(argv) ??
      (named && suggestForExcessArguments(named, argv)),
  };
  const hint =
    suggestByCode[error.code]?.() ||
    suggestArgument(first, named) ||
    suggestPropertyOption(first, suggestion, named, argv) ||
    correctOption(first, suggestion) ||
    help;
  return new KnockError("usage", message.replace(SINGLE_QUOTED, '"$1"'), { hint });
}

/** Returns the option that commander suggests for an unknown one as a correction. */
function correctOption(message: string, suggestion: string): Hint {
  const unknown = /^unknown option '([^'=]+)/.exec(message)?.[1];
  const meant = /^Did you mean (-[\w-]+)\?$/.exec(suggestion)?.[1];
  return unknown === undefined || meant === undefined ? suggestion : correctWord(unknown, meant, suggestion);
}

/** A text in single quotes, which commander writes around names and values. */
const SINGLE_QUOTED = /(?<=^|[\s(])'(.*?)'(?=[\s.,)]|$)/g;

/** Returns an error about a cursor with the name of its option. The API's errors name the parameter. */
export function nameCursorOption(error: unknown, argv: readonly string[]): unknown {
  if (!(error instanceof KnockError) || error.code !== "invalid_params") return error;
  const [, side, text] = /^(after|before) (is not a cursor.*)$/.exec(error.message) ?? [];
  if (side === undefined) return error;
  const index = argv.findIndex((word) => word === `--${side}` || word.startsWith(`--${side}=`));
  const word = argv[index];
  if (word === undefined) return error;
  // The API's error does not contain the value.
  const value = word.includes("=") ? word.slice(word.indexOf("=") + 1) : argv[index + 1];
  return error.copyWith({ message: `--${side}: ${JSON.stringify(value)} ${text}` });
}
