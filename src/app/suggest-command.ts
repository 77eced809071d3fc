import type { Command } from "commander";
import { getCommandPath } from "../commands/shared/help-groups.js";
import { suggestUnit } from "../input/parse-time.js";
import { looksUnquoted, quoteForShell, suggestQuotes, suggestSet } from "../input/restore-quotes.js";
import { type Correction, correctWord, findNearest, type Hint, toHintText } from "../util/find-nearest.js";

/** Names that other tools use for a subcommand. The first one that the group has is suggested. */
const SUBCOMMAND_SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  show: ["get"],
  view: ["show", "get"],
  read: ["show", "get"],
  get: ["show"],
  ls: ["list"],
  all: ["list"],
  add: ["set", "create"],
  create: ["set", "add"],
  new: ["set", "create"],
  update: ["set"],
  put: ["set"],
  identify: ["set"],
  rm: ["delete", "remove"],
  remove: ["delete"],
  delete: ["remove"],
  forward: ["advance"],
  skip: ["advance"],
  stop: ["freeze"],
  unfreeze: ["reset"],
};

/** An ID of a run or schedule, or of a message, or the start of one. */
const ID_LIKE = /^(?=.*\d)[0-9a-f]{8}[0-9a-f-]*…?$|^\d[0-9A-Za-z]{7,26}…?$/;

/**
 * Returns a suggestion for words in a group that lists or shows something, such as `messages ada` and
 * `users list ada`: the list of a recipient, or the command that shows one item.
 */
function suggestReadCommand(
  group: Command | null,
  words: readonly string[],
  listTyped: (words: readonly string[]) => readonly string[] = (typed) => typed,
): Hint | undefined {
  const list = group?.commands.find((command) => command.name() === "list");
  const [word = ""] = words;
  const typed = words.map(quoteForShell).join(" ");
  const hasOption = (name: string): boolean => list?.options.some(({ long }) => long === name) ?? false;
  if (list?.registeredArguments.length === 0 && hasOption("--recipient") && !ID_LIKE.test(word)) {
    const workflow = hasOption("--workflow") ? ` For a workflow, use --workflow ${typed}.` : "";
    return {
      hint: `Did you mean \`knock ${getCommandPath(list)} --recipient ${typed}\`?${workflow}`,
      typed: listTyped(words),
      meant: ["list", "--recipient", ...words],
    };
  }
  const read = group?.commands.find(
    (command) =>
      ["show", "get", "list"].includes(command.name()) && command.registeredArguments.length === words.length,
  );
  if (read === undefined) return undefined;
  const hint = `Did you mean \`knock ${getCommandPath(read)} ${typed}\`?`;
  return { hint, typed: listTyped(words), meant: [read.name(), ...words] };
}

/**
 * Returns a hint for `knock <group> <word>` if the word is not a subcommand of the group: a subcommand with that meaning,
 * the group's only subcommand with the word as its argument, or a command that reads the item with that name. `typed` is
 * the group as it was typed, and `args` are all words after it.
 */
export function suggestSubcommand(group: Command, typed: string, args: readonly string[]): Hint | undefined {
  const known = group.commands.map((command) => command.name());
  const [word = ""] = args;
  const verb = (Object.hasOwn(SUBCOMMAND_SYNONYMS, word) ? SUBCOMMAND_SYNONYMS[word] : undefined)?.find((synonym) =>
    known.includes(synonym),
  );
  if (verb !== undefined) return correctWord(word, verb, `Did you mean \`knock ${getCommandPath(group)} ${verb}\`?`);
  const [only, ...others] = group.commands;
  if (only !== undefined && others.length === 0 && only.registeredArguments.length > 0)
    return {
      hint: `Did you mean \`knock ${getCommandPath(only)} ${quoteForShell(word)}\`?`,
      typed: [word],
      meant: [only.name(), word],
    };
  if (findNearest(word, known) !== undefined) return undefined;
  // Other tools use `run` as a verb.
  if (typed === "run" && !ID_LIKE.test(word))
    return correctWord(typed, "notify", `Did you mean \`knock notify ${args.map(quoteForShell).join(" ")}\`?`);
  if (group.name() === "clock" && /^\d+[smhdw]$/.test(word))
    return { hint: `Did you mean \`knock clock advance ${word}\`?`, typed: [word], meant: ["advance", word] };
  return suggestReadCommand(group, [word]);
}

/** Dashes that a word processor substitutes for one or two hyphens. */
const TYPOGRAPHIC_DASHES = /^[\u2010-\u2015\u2212]+/;

/**
 * Returns the first word that would be an option of the command if its typographic dashes were hyphens, with that
 * option.
 */
export function findTypographicOption(
  command: Command,
  words: readonly string[],
): [word: string, option: string] | undefined {
  for (const word of words) {
    if (!TYPOGRAPHIC_DASHES.test(word)) continue;
    const name = word.replace(TYPOGRAPHIC_DASHES, "").split("=")[0] ?? "";
    const option = command.options.find(({ long, short }) => long === `--${name}` || short === `-${name}`);
    if (option !== undefined) return [word, option.long === `--${name}` ? option.long : `-${name}`];
  }
  return undefined;
}

/**
 * Returns a suggestion if a command line for `--exec` was not quoted and the shell split it: the value of `--exec` and
 * the excess words, in quotes.
 */
export function suggestQuotedCommand(command: Command): Correction | undefined {
  if (!command.options.some(({ long }) => long === "--exec") || command.args.length === 0) return undefined;
  const execOption: unknown = command.opts().exec;
  const words = [...(typeof execOption === "string" ? [execOption] : []), ...command.args];
  const meant = words.join(" ");
  return { hint: `Put the command in quotes: --exec ${quoteForShell(meant)}`, typed: words, meant: [meant] };
}

/** Returns the value of --data and the words after it if a shell removed the quotes of its JSON and split it. */
function findUnquotedData(command: Command, argv: readonly string[]): string[] | undefined {
  const dataOption: unknown = command.opts().data;
  const values: unknown[] = Array.isArray(dataOption) ? dataOption : [dataOption];
  const value = values.find(
    (candidate): candidate is string => typeof candidate === "string" && looksUnquoted(candidate),
  );
  if (value === undefined) return undefined;
  const start = argv.findIndex((word, index) => word === value && /^(-d|--data)$/.test(argv[index - 1] ?? ""));
  if (start === -1) return [value];
  const end = argv.findIndex((word, index) => index > start && /^-[^\d]/.test(word));
  return argv.slice(start, end === -1 ? undefined : end);
}

/** A value that the shell split. */
interface SplitValue {
  flag: string;
  value: string;
  /** The words as they were typed. The first one has the option if it is joined with `=`. */
  words: readonly string[];
}

/** Returns a hint about one text for the words into which the shell split it. */
function correctWords(hint: Hint | undefined, words: readonly string[]): Hint | undefined {
  if (typeof hint !== "object") return hint;
  const [, assignment = ""] = /^(--[\w-]+=)/.exec(words[0] ?? "") ?? [];
  return { ...hint, typed: words, meant: [`${assignment}${hint.meant.join(" ")}`] };
}

const quoteValue = ({ flag, value, words }: SplitValue): Hint | undefined =>
  correctWords(correctWord(value, value, `Put the value in quotes: ${flag} ${quoteForShell(value)}`), words);

/** Returns the hint to add an option before words, which become its value, separated by commas. */
function addOption(flag: string, ...words: string[]): Correction {
  const value = words.join(",");
  return { hint: `Did you mean ${flag} ${quoteForShell(value)}?`, typed: words, meant: [flag, value] };
}

/** Returns the option whose value the first excess word follows, and the value with the words that follow it, or null. */
function findSplitValue(command: Command, argv: readonly string[], excess: readonly string[]): SplitValue | null {
  for (const [index, word] of argv.entries()) {
    if (word !== excess[0]) continue;
    const before = argv[index - 1] ?? "";
    const [, assigned, assignedValue] = /^(--[\w-]+)=(.*)$/s.exec(before) ?? [];
    const flag = assigned ?? argv[index - 2] ?? "";
    const option = command.options.find(({ long, short }) => long === flag || short === flag);
    if (option === undefined || !option.required || option.variadic) continue;
    const following = argv.slice(index);
    const end = following.findIndex((next, at) => next !== excess[at]);
    const rest = end === -1 ? following : following.slice(0, end);
    const words = [assignedValue ?? before, ...rest];
    return {
      flag: option.long ?? flag,
      value: words.join(" "),
      words: assigned === undefined ? words : [before, ...rest],
    };
  }
  return null;
}

/**
 * Returns a suggestion for a command with too many words: quotes around a value that the shell split, an option that
 * the first excess word may belong to, or another command.
 */
export function suggestForExcessArguments(command: Command, argv: readonly string[]): Hint | undefined {
  const hasOption = (long: string): boolean => command.options.some((option) => option.long === long);
  const allowed = command.registeredArguments.length;
  const word = command.args[allowed];
  if (word === undefined) return undefined;
  // Only a duration in words has several: 2 hours.
  const duration = command.registeredArguments.at(-1)?.name() === "duration" ? command.args.slice(allowed - 1) : [];
  const [date, time] = command.args.slice(allowed - 1);
  const isTime = /^\d{4}-\d\d-\d\d$/.test(date ?? "") && /^\d\d:\d\d(:\d\d)?Z?$/.test(time ?? "");
  if (isTime && allowed > 0)
    return { hint: `Did you mean "${date}T${time}"?`, typed: [`${date}`, `${time}`], meant: [`${date}T${time}`] };
  const shortDuration = suggestUnit(duration.join(" "));
  if (shortDuration !== undefined) return correctWords(shortDuration, duration);
  const unquoted = findUnquotedData(command, argv);
  if (unquoted !== undefined) return suggestQuotes("--data", unquoted);
  if (/^\s*[[{]/.test(word) && hasOption("--data")) return addOption("--data", word);
  if (/^[\w.[\]]+:?=/.test(word) && hasOption("--set")) return addOption("--set", word);
  const split = findSplitValue(command, argv, command.args.slice(allowed));
  if (split?.flag === "--set") return correctWords(suggestSet(split.value), split.words);
  const unit = split === null ? undefined : suggestUnit(split.value);
  if (unit !== undefined && split !== null && split.flag !== "--data") return correctWords(unit, split.words);
  const quoted = split === null ? undefined : quoteValue(split);
  if (split?.flag === "--data") return quoted;
  const { recipients, recipient } = command.opts();
  if (hasOption("--recipients") && !recipients && !recipient)
    return addOption("--recipients", ...command.args.slice(allowed));
  if (split?.flag === "--recipient")
    return `--recipient takes one ID: --recipient ${split.words[0]?.split("=").at(-1)}`;
  if (quoted !== undefined) return quoted;
  if (command.name() !== "list") return undefined;
  const read = suggestReadCommand(command.parent, command.args.slice(0, allowed + 1), (words) => ["list", ...words]);
  // Further words would also be wrong in the other command.
  return command.args.length > allowed + 1 ? toHintText(read) : read;
}
