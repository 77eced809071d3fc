import type { Command, CommanderError } from "commander";
import { exampleWith, firstExample, swallowedHint, wordTaken } from "../commands/shared/options.js";
import { KnockError } from "../errors/knock-error.js";
import { meantByExcess, quotedCommand } from "./meant-words.js";

/** Every command of a program, groups before what they hold. */
export function* allCommands(command: Command): Generator<Command> {
  for (const child of command.commands) {
    yield child;
    yield* allCommands(child);
  }
}

/** Where an argument is missing: the option of the same command that takes several words, and took one too many. */
function swallowed(program: Command, argv: readonly string[]): string | undefined {
  for (const command of allCommands(program)) {
    for (const option of command.options.filter(({ variadic }) => variadic)) {
      const words: unknown = command.getOptionValue(option.attributeName());
      const word = Array.isArray(words) ? wordTaken(argv, words as string[]) : undefined;
      if (word === undefined) continue;
      const missing = command.registeredArguments.filter(({ required }) => required).map((one) => `<${one.name()}>`);
      return swallowedHint(option.long ?? option.flags, word, missing.join(" "), missing.length > 1);
    }
  }
  return undefined;
}

/** What people call it who know other tools. */
const RECIPIENTS = ["--recipients", "--recipient"];
const MEANT: Readonly<Record<string, readonly string[]>> = {
  "--to": RECIPIENTS,
  "--for": RECIPIENTS,
  "--user": RECIPIENTS,
  "--users": RECIPIENTS,
  "--payload": ["--data"],
};

/** Options that an unknown one may stand for; commander itself knows those that are spelled alike. */
function meantOptions(unknown: string, command: Command): string[] {
  // A group's are those of its commands: one of them may be meant where none is named.
  const options = [command, ...command.commands].flatMap((one) => one.options);
  const known = [...new Set(options.flatMap(({ long }) => long ?? []))];
  const meant = (Object.hasOwn(MEANT, unknown) ? MEANT[unknown] : undefined)?.find((one) => known.includes(one));
  if (meant !== undefined) return [meant];
  if (unknown.startsWith("--")) return [];
  const sameLetter = options.find(({ short }) => short === otherCase(unknown))?.short;
  if (sameLetter !== undefined) return [sameLetter];
  return known.filter((one) => one.startsWith(`-${unknown.slice(0, 2).toLowerCase()}`)).sort();
}

/** The program's own, where no command is named. */
function ownOptions(unknown: string, program: Command): string[] {
  return program.options.flatMap(({ short, long }) => (short === otherCase(unknown) ? (long ?? []) : []));
}

/** `--email zoe@example.com` where properties are set one by one. */
function propertyHint(message: string, named: Command | undefined): string | undefined {
  const name = /^unknown option '--([\w-]+)/.exec(message)?.[1];
  if (name === undefined || named?.name() !== "set" || !named.options.some(({ long }) => long === "--set"))
    return undefined;
  return `Did you mean --set ${name}=…?`;
}

/** An object written as one word where its collection and its id are two. */
function objectHint(argv: readonly string[]): string | undefined {
  const whole = argv.find((word) => /^[^-/{[][^/]*\/[^/]+$/.test(word));
  return whole === undefined ? undefined : `The collection and the id are two words here: ${whole.replace("/", " ")}`;
}

function otherCase(flag: string): string {
  return flag === flag.toLowerCase() ? flag.toUpperCase() : flag.toLowerCase();
}

/** `-1h` looks like an option, and no length of time is negative. */
function negativeHint(unknown: string, named: Command | undefined): string | undefined {
  if (!/^-[\d.]/.test(unknown)) return undefined;
  if (named?.name() === "advance") return "knock clock set <time> --force moves the clock back.";
  return "No number here is negative.";
}

function unknownHint(message: string, named: Command | undefined, program: Command): string | undefined {
  const unknown = /^unknown option '([^'=]+)/.exec(message)?.[1];
  if (unknown === undefined) return undefined;
  const special = (named && quotedCommand(named)) ?? negativeHint(unknown, named);
  if (special !== undefined) return special;
  const meant = named === undefined ? ownOptions(unknown, program) : meantOptions(unknown, named);
  if (meant.length === 0) return undefined;
  return meant.length === 1 ? `Did you mean ${meant[0]}?` : `Did you mean one of ${meant.join(", ")}?`;
}

/** An option that was put after `--` is a word like any other there. */
function endedHint(argv: readonly string[]): string | undefined {
  const end = argv.indexOf("--");
  const option = end === -1 ? undefined : argv.slice(end + 1).find((word) => /^-./.test(word));
  return option === undefined ? undefined : `What stands after -- is no option: put ${option} before it.`;
}

/** What these miss is best shown. */
const SHOWN = new Set([
  "commander.missingArgument",
  "commander.optionMissingArgument",
  "commander.unknownOption",
  "commander.excessArguments",
]);

/** Commander's complaint as ours, with what would be right. `named`: the command that argv names. */
export function usageError(
  error: CommanderError,
  program: Command,
  named: Command | undefined,
  argv: readonly string[],
): KnockError {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const flags = /^option '([^']+)' argument missing/.exec(first)?.[1]?.match(/(?<!\S)--?[\w-]+/g) ?? [];
  const example =
    SHOWN.has(error.code) && named !== undefined ? (exampleWith(named, flags) ?? firstExample(named)) : undefined;
  const help = `${example === undefined ? "" : `For example: ${example}. `}--help shows what this command takes.`;
  const suggestion = rest
    .join(" ")
    .replace(/^\(|\)$/g, "")
    .trim();
  const own: Readonly<Record<string, () => string | undefined>> = {
    "commander.missingArgument": () => swallowed(program, argv) ?? (/'id'$/.test(first) ? objectHint(argv) : undefined),
    "commander.unknownOption": () => unknownHint(first, named, program),
    "commander.excessArguments": () =>
      (named && quotedCommand(named)) ?? endedHint(argv) ?? (named && meantByExcess(named, argv)),
  };
  const hint = own[error.code]?.() || suggestion || propertyHint(first, named) || help;
  return new KnockError("usage", first, { hint });
}
