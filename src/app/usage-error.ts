import type { Command, CommanderError } from "commander";
import {
  describeSwallowedArgument,
  findExample,
  findSwallowedArgument,
  getFirstExample,
} from "../commands/shared/options.js";
import { KnockError } from "../errors/knock-error.js";
import { suggestForExcessArguments, suggestQuotedCommand } from "./suggest-command.js";

/** Every command of a program, groups before what they hold. */
export function* listCommands(command: Command): Generator<Command> {
  for (const child of command.commands) {
    yield child;
    yield* listCommands(child);
  }
}

/** Where an argument is missing: the option of the same command that takes several words, and took one too many. */
function suggestForMissingArgument(program: Command, argv: readonly string[]): string | undefined {
  for (const command of listCommands(program)) {
    for (const option of command.options.filter(({ variadic }) => variadic)) {
      const words: unknown = command.getOptionValue(option.attributeName());
      const word = Array.isArray(words) ? findSwallowedArgument(argv, words as string[]) : undefined;
      if (word === undefined) continue;
      const missing = command.registeredArguments
        .filter(({ required }) => required)
        .map((argument) => `<${argument.name()}>`);
      return describeSwallowedArgument(option.long ?? option.flags, word, missing.join(" "), missing.length > 1);
    }
  }
  return undefined;
}

/** What people call it who know other tools. */
const RECIPIENT_OPTIONS = ["--recipients", "--recipient"];
const OPTION_SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  "--to": RECIPIENT_OPTIONS,
  "--for": RECIPIENT_OPTIONS,
  "--user": RECIPIENT_OPTIONS,
  "--users": RECIPIENT_OPTIONS,
  "--payload": ["--data"],
};

/** Options that an unknown one may stand for; commander itself knows those that are spelled alike. */
function suggestOptions(unknown: string, command: Command): string[] {
  // A group's are those of its commands: one of them may be meant where none is named.
  const options = [command, ...command.commands].flatMap((candidate) => candidate.options);
  const known = [...new Set(options.flatMap(({ long }) => long ?? []))];
  const synonym = (Object.hasOwn(OPTION_SYNONYMS, unknown) ? OPTION_SYNONYMS[unknown] : undefined)?.find((name) =>
    known.includes(name),
  );
  if (synonym !== undefined) return [synonym];
  if (unknown.startsWith("--")) return [];
  const sameLetter = options.find(({ short }) => short === swapCase(unknown))?.short;
  if (sameLetter !== undefined) return [sameLetter];
  return known.filter((name) => name.startsWith(`-${unknown.slice(0, 2).toLowerCase()}`)).sort();
}

/** The program's own, where no command is named. */
function suggestProgramOptions(unknown: string, program: Command): string[] {
  return program.options.flatMap(({ short, long }) => (short === swapCase(unknown) ? (long ?? []) : []));
}

/** `--email zoe@example.com` where properties are set one by one. */
function suggestPropertyOption(message: string, named: Command | undefined): string | undefined {
  const name = /^unknown option '--([\w-]+)/.exec(message)?.[1];
  if (name === undefined || named?.name() !== "set" || !named.options.some(({ long }) => long === "--set"))
    return undefined;
  return `Did you mean --set ${name}=…?`;
}

/** An object written as one word where its collection and its id are two. */
function suggestObjectWords(argv: readonly string[]): string | undefined {
  const reference = argv.find((word) => /^[^-/{[][^/]*\/[^/]+$/.test(word));
  return reference === undefined
    ? undefined
    : `The collection and the id are two words here: ${reference.replace("/", " ")}`;
}

function swapCase(flag: string): string {
  return flag === flag.toLowerCase() ? flag.toUpperCase() : flag.toLowerCase();
}

/** `-1h` looks like an option, and no length of time is negative. */
function suggestForNegative(unknown: string, named: Command | undefined): string | undefined {
  if (!/^-[\d.]/.test(unknown)) return undefined;
  if (named?.name() === "advance") return "knock clock set <time> --force moves the clock back.";
  return "No number here is negative.";
}

function suggestForUnknownOption(message: string, named: Command | undefined, program: Command): string | undefined {
  const unknown = /^unknown option '([^'=]+)/.exec(message)?.[1];
  if (unknown === undefined) return undefined;
  const special = (named && suggestQuotedCommand(named)) ?? suggestForNegative(unknown, named);
  if (special !== undefined) return special;
  const suggestions = named === undefined ? suggestProgramOptions(unknown, program) : suggestOptions(unknown, named);
  if (suggestions.length === 0) return undefined;
  return suggestions.length === 1
    ? `Did you mean ${suggestions[0]}?`
    : `Did you mean one of ${suggestions.join(", ")}?`;
}

/** An option that was put after `--` is a word like any other there. */
function suggestForTrailingOption(argv: readonly string[]): string | undefined {
  const end = argv.indexOf("--");
  const option = end === -1 ? undefined : argv.slice(end + 1).find((word) => /^-./.test(word));
  return option === undefined ? undefined : `What stands after -- is no option: put ${option} before it.`;
}

/** What these miss is best shown. */
const EXAMPLE_ERRORS = new Set([
  "commander.missingArgument",
  "commander.optionMissingArgument",
  "commander.unknownOption",
  "commander.excessArguments",
]);

/** Commander's complaint as ours, with what would be right. `named`: the command that argv names. */
export function toUsageError(
  error: CommanderError,
  program: Command,
  named: Command | undefined,
  argv: readonly string[],
): KnockError {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const flags = /^option '([^']+)' argument missing/.exec(first)?.[1]?.match(/(?<!\S)--?[\w-]+/g) ?? [];
  const example =
    EXAMPLE_ERRORS.has(error.code) && named !== undefined
      ? (findExample(named, flags) ?? getFirstExample(named))
      : undefined;
  const help = `${example === undefined ? "" : `For example: ${example}. `}--help shows what this command takes.`;
  const suggestion = rest
    .join(" ")
    .replace(/^\(|\)$/g, "")
    .trim();
  const suggestByCode: Readonly<Record<string, () => string | undefined>> = {
    "commander.missingArgument": () =>
      suggestForMissingArgument(program, argv) ?? (/'id'$/.test(first) ? suggestObjectWords(argv) : undefined),
    "commander.unknownOption": () => suggestForUnknownOption(first, named, program),
    "commander.excessArguments": () =>
      (named && suggestQuotedCommand(named)) ??
      suggestForTrailingOption(argv) ??
      (named && suggestForExcessArguments(named, argv)),
  };
  const hint = suggestByCode[error.code]?.() || suggestion || suggestPropertyOption(first, named) || help;
  return new KnockError("usage", first, { hint });
}
