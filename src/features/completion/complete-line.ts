import { Command, type Option } from "commander";
import {
  type Candidate,
  type Completions,
  FILES,
  type Position,
  type RegisterCommand,
  toCandidate,
} from "../../commands/shared/feature.js";
import { getSummary } from "../../commands/shared/help-groups.js";
import { ValueOption } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import { FINDING_CODES } from "../../domain/validation/finding-codes.js";
import { ERROR_CODES } from "../../errors/error-codes.js";
import { findValues } from "./list-values.js";

function findOption(command: Command, word: string): Option | undefined {
  const name = word.split("=")[0];
  return command.options.find(({ long, short }) => long === name || short === name);
}

/** Finds which option or argument of a command the word after `words` belongs to. */
function findPosition(command: Command, words: readonly string[]): Position {
  const args: string[] = [];
  const values = new Map<string, string>();
  let pending: Option | null = null;
  for (const word of words) {
    if (word.startsWith("-") && word !== "-") {
      const option = findOption(command, word);
      const equals = word.indexOf("=");
      const takesValue = option !== undefined && (option.required || option.optional);
      pending = takesValue && equals === -1 ? option : null;
      if (takesValue && equals !== -1) values.set(option.long ?? "", word.slice(equals + 1));
    } else if (pending !== null) {
      values.set(pending.long ?? "", word);
      if (!pending.variadic) pending = null;
    } else args.push(word);
  }
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[args.length] ?? (last?.variadic ? last : null);
  return { command, option: pending, argument, args, values };
}

/** Returns the command that the first words name in a group, and the words after it. */
function findSubcommand(group: Command, words: readonly string[]): { command: Command; rest: string[] } {
  const [word, ...rest] = words;
  const child = group.commands.find((command) => command.name() === word);
  return child === undefined ? { command: group, rest: [...words] } : findSubcommand(child, rest);
}

/** Returns the subcommand that a group runs if none is named. */
function findDefaultSubcommand(group: Command): Command | undefined {
  return group.commands.find((command) => ["list", "show"].includes(command.name()));
}

/** The words before the cursor, without the program: complete ones, and the beginning of the one that is completed. */
interface CommandLine {
  words: string[];
  current: string;
  /** Whether the cursor is inside quotes. */
  isQuoted: boolean;
}

/** Environment variables that precede the program, such as `KNOCK_TARGET=remote knock`. */
const ASSIGNMENT = /^\w+=/;

/** Splits a command line as a shell does: quotes and backslashes are removed. */
function parseCommandLine(line: string): CommandLine {
  const words: string[] = [];
  let current: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote !== null) {
      if (character === quote) quote = null;
      else current += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      current ??= "";
    } else if (character === "\\" && at + 1 < line.length) {
      at++;
      current = (current ?? "") + line.charAt(at);
    } else if (/\s/.test(character)) {
      if (current !== null) words.push(current);
      current = null;
    } else current = (current ?? "") + character;
  }
  const program = words.findIndex((word) => !ASSIGNMENT.test(word));
  return { words: words.slice(program + 1), current: current ?? "", isQuoted: quote !== null };
}

/** Names that are completed. Others contain characters that a shell could interpret. */
const SAFE_NAME = /^[\p{L}\p{N}_@%+=:,./ -]+$/u;
/** The characters after which readline starts a new word. */
const BASH_WORD_BREAK = /^.*[@><=;|&(:]/su;

const OTHER_SPELLINGS: Readonly<Record<string, string>> = { trigger: "notify", run: "runs", message: "messages" };

function listOptions(command: Command): Candidate[] {
  return command.options
    .filter(({ hidden }) => !hidden)
    .flatMap(({ long, description }) => (long == null ? [] : [{ name: long, description }]));
}

/** Returns the subcommands of a group; an empty list for other commands. */
const listSubcommands = (group: Command): Candidate[] =>
  group.commands.map((command) => ({ name: command.name(), description: getSummary(command) }));

async function listValues(
  position: Position,
  current: string,
  { loadCompletions }: CompletedProgram,
  context: CommandContext,
): Promise<Candidate[]> {
  const choices = position.option?.argChoices ?? (position.option === null ? position.argument?.argChoices : undefined);
  if (choices !== undefined) return choices.map(toCandidate);
  if (position.option instanceof ValueOption) return position.option.values.map(toCandidate);
  const list = findValues(position, await loadCompletions());
  if (list === undefined) return [];
  const { values } = position;
  const project = await context.files.find({ project: values.get("--project"), knockDir: values.get("--knock-dir") });
  if (project === null) return [];
  const branch = values.get("--branch");
  return list((branch === undefined ? null : project.branch(branch)) ?? project, position, current, context);
}

/** The commands and topics that are completed. */
interface CompletedProgram {
  commands: Readonly<Record<string, () => Promise<RegisterCommand>>>;
  /** The topics of `knock help`. */
  topics: readonly string[];
  /** Loads the completions of features. */
  loadCompletions(): Promise<readonly Completions[]>;
}

/** Returns what can follow `knock help` and `words`. */
async function listHelpNames(
  program: CompletedProgram,
  [name, ...rest]: readonly string[],
  context: CommandContext,
): Promise<Candidate[]> {
  if (name === undefined) return [...Object.keys(program.commands), ...program.topics, "error"].map(toCandidate);
  if (name === "error" && rest.length === 0)
    return [...new Set([...Object.keys(ERROR_CODES), ...Object.keys(FINDING_CODES)])].map(toCandidate);
  const group = await loadCommand(program, name, context);
  if (group === undefined) return [];
  const found = findSubcommand(group, rest);
  return found.rest.length > 0 ? [] : listSubcommands(found.command);
}

async function loadCommand(
  { commands }: CompletedProgram,
  name: string,
  context: CommandContext,
): Promise<Command | undefined> {
  // Only the named command is loaded, because loading all of them takes longer.
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) return undefined;
  const program = new Command("knock");
  (await load())(program, context);
  return program.commands.find((command) => command.name() === name);
}

async function listCandidates(
  program: CompletedProgram,
  line: CommandLine,
  context: CommandContext,
): Promise<Candidate[]> {
  const { current } = line;
  const [first, ...words] = line.words;
  if (first === undefined) return [...Object.keys(program.commands), "--help", "--version"].map(toCandidate);
  const name = Object.hasOwn(OTHER_SPELLINGS, first) ? (OTHER_SPELLINGS[first] ?? first) : first;
  if (name === "help" && !current.startsWith("-")) return listHelpNames(program, words, context);
  const group = await loadCommand(program, name, context);
  if (group === undefined) return [];
  const { command: named, rest } = findSubcommand(group, words);
  if (named.commands.length > 0 && rest.length === 0 && !current.startsWith("-")) return listSubcommands(named);
  const command = findDefaultSubcommand(named) ?? named;
  const position = findPosition(command, rest);
  if (!current.startsWith("-")) return listValues(position, current, program, context);
  const [, option, value] = /^(--[\w-]+)=(.*)$/s.exec(current) ?? [];
  if (option === undefined) return listOptions(command);
  const valuePosition = findPosition(command, [...rest, option]);
  const found = valuePosition.option === null ? [] : await listValues(valuePosition, value ?? "", program, context);
  return found.filter(({ name: word }) => word !== FILES).map((one) => ({ ...one, name: `${option}=${one.name}` }));
}

/** Returns the line of a candidate that the script of a shell reads. */
function formatCandidate({ name, description }: Candidate, shell: string, { current, isQuoted }: CommandLine): string {
  if (shell === "bash") {
    // Readline replaces only the text after the last word break, so the text before must not be repeated. It does not
    // quote a completed word, which zsh and fish do.
    const rest = name.slice(isQuoted ? 0 : (BASH_WORD_BREAK.exec(current)?.[0].length ?? 0));
    return isQuoted ? rest : rest.replaceAll(" ", "\\ ");
  }
  const text = description.replaceAll(/\s+/g, " ").trim();
  if (shell === "zsh")
    return [name, ...(text === "" ? [] : [text])].map((part) => part.replaceAll(":", "\\:")).join(":");
  // Without a tab, fish describes a word as the command that it belongs to.
  return text === "" && shell !== "fish" ? name : `${name}\t${text}`;
}

/**
 * Prints the words that complete the command line in COMP_LINE up to COMP_POINT, one per line, for the shell in SHELL.
 * Prints nothing if the project cannot be read, because an error would appear in the middle of the command line.
 * KNOCK_DEBUG=1 prints the error.
 */
export async function completeLine(program: CompletedProgram, context: CommandContext): Promise<void> {
  const { COMP_LINE = "", COMP_POINT = "", SHELL = "bash" } = context.io.env;
  const shell = SHELL.split(/[\\/]/).at(-1) ?? SHELL;
  // Bash gives the position of the cursor in bytes.
  const before = COMP_POINT === "" ? COMP_LINE : Buffer.from(COMP_LINE).subarray(0, Number(COMP_POINT)).toString();
  const line = parseCommandLine(before);
  let candidates: Candidate[];
  try {
    candidates = await listCandidates(program, line, context);
  } catch (error) {
    if (context.io.env.KNOCK_DEBUG === "1") throw error;
    return;
  }
  if (candidates.some(({ name }) => name === FILES)) {
    // Bash completes files by itself if there is no candidate.
    if (shell === "zsh" || shell === "fish") context.output.raw(`${FILES}\n`);
    return;
  }
  const byName = new Map(candidates.map((candidate) => [candidate.name, candidate]));
  const lines = [...byName.values()]
    .filter(({ name }) => name.startsWith(line.current) && SAFE_NAME.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((candidate) => `${formatCandidate(candidate, shell, line)}\n`);
  context.output.raw(lines.join(""));
}
