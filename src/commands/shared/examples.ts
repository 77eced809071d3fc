import type { Command } from "commander";
import type { JsonObject } from "../../util/json.js";

/** A workflow for examples. */
export interface ExampleWorkflow {
  key: string;
  /** Trigger data that the workflow accepts; null if an example cannot show such data. */
  data: JsonObject | null;
  /** The ref of a channel step. */
  step: string;
}

/**
 * The names in examples. A name that the project at hand does not have is a description in angle brackets, such as
 * `<user-id>`.
 */
export interface ExampleNames {
  workflow: ExampleWorkflow;
  /** A workflow whose runs wait, so that they can be canceled. */
  waiting: ExampleWorkflow;
  /** The ID of a user, and the IDs of two, separated by a comma. */
  user: string;
  users: string;
  otherUser: string;
  actor: string;
  object: { collection: string; id: string };
  tenant: string;
  audience: string;
  channel: string;
  source: string;
  broadcast: string;
  /** Paths of a payload, of files with one payload per line, the second one with times, and of a source's event. */
  payloadFile: string;
  linesFile: string;
  timedFile: string;
  eventFile: string;
  /** The path of the local store. */
  storeFile: string;
  /** The IDs of a run, of a message and of a schedule, as text for a shell. */
  run: string;
  message: string;
  messages: string;
  schedule: string;
}

/** Shell expressions for IDs in the store. */
export const STORED_IDS = {
  run: '"$(knock runs list --limit 1 --quiet)"',
  message: '"$(knock messages list --limit 1 --quiet)"',
  messages: "$(knock messages list --limit 5 --quiet)",
  schedule: '"$(knock schedules list --limit 1 --quiet)"',
} as const;

/** The names of the sample project in fixtures/collab, which help shows outside any project. */
export const SAMPLE_NAMES: ExampleNames = {
  workflow: { key: "new-comment", data: { page: "Home" }, step: "email_1" },
  waiting: { key: "invite", data: {}, step: "email_1" },
  user: "ada",
  users: "ada,grace",
  otherUser: "grace",
  actor: "alan",
  object: { collection: "projects", id: "p1" },
  tenant: "acme",
  audience: "beta",
  channel: "in-app-feed",
  source: "billing",
  broadcast: "history-launch",
  payloadFile: "payloads/new-comment.json",
  linesFile: "payloads/triggers.jsonl",
  timedFile: "payloads/week.jsonl",
  eventFile: "payloads/plan-changed.json",
  storeFile: ".knock-local/store.db",
  ...STORED_IDS,
};

/** Returns the examples of a command with the given names. */
export type Examples = (names: ExampleNames) => readonly string[];

const examplesByCommand = new WeakMap<Command, Examples>();
const namesByProgram = new WeakMap<Command, ExampleNames>();

/** Sets the names in the examples of a program's commands. */
export function setExampleNames(program: Command, names: ExampleNames): void {
  namesByProgram.set(program, names);
}

/** Returns the examples of a command or group, each as one line. */
export function getExamples(command: Command): readonly string[] {
  let program = command;
  while (program.parent !== null) program = program.parent;
  return examplesByCommand.get(command)?.(namesByProgram.get(program) ?? SAMPLE_NAMES) ?? [];
}

/** Returns the first example that shows one of an option's flags, or undefined. */
export function findExample(command: Command, flags: readonly string[]): string | undefined {
  return getExamples(command).find((example) => flags.some((flag) => example.split(" ").includes(flag)));
}

/** Adds examples, which the help shows below the options. */
export function addExamples(command: Command, examples: Examples | readonly string[]): Command {
  examplesByCommand.set(command, typeof examples === "function" ? examples : () => examples);
  return command;
}

/** Formats the first examples of a command as a part of its help; empty if it has none. */
export function formatExamples(command: Command, count = Number.POSITIVE_INFINITY): string {
  const lines = getExamples(command).slice(0, count).map(formatExample);
  return lines.length === 0 ? "" : `\nExamples:\n${lines.join("\n")}\n`;
}

/** Adds the first example of each subcommand to a group's help. */
export function addGroupExamples(group: Command): void {
  addExamples(group, () => group.commands.flatMap((command) => getExamples(command)[0] ?? []));
}

/** Writes data as the value of --data, with the option and a space before it; empty if there is no data. */
export function formatDataFlag({ data }: ExampleWorkflow): string {
  if (data === null) return " --data <json>";
  return Object.keys(data).length === 0 ? "" : ` --data '${JSON.stringify(data)}'`;
}

/**
 * Writes data as --set options, each with a space before it; empty if there is no data. `prefix` is written before each
 * name.
 */
export function formatSetFlags({ data }: ExampleWorkflow, prefix = ""): string {
  if (data === null) return ` --set ${prefix}<name>=<value>`;
  return Object.entries(data)
    .map(([name, value]) => {
      if (typeof value === "string" && /^[\w.:/@-]+$/.test(value)) return ` --set ${prefix}${name}=${value}`;
      return ` --set '${prefix}${name}:=${JSON.stringify(value)}'`;
    })
    .join("");
}

/** The number of columns of an example, with its indentation. */
const MAX_WIDTH = 80;
const FIRST_INDENT = "  $ ";
const NEXT_INDENT = "      ";

/** Returns the words of a shell line with their quotes. Command substitutions are kept whole. */
function splitShellWords(line: string): string[] {
  return line.match(/(?:'[^']*'|"[^"]*"|\$\([^)]*\)|<[^>]+>|\S)+/g) ?? [];
}

/** Formats an example. A long one continues on further lines before an option or an operator, so that it still runs. */
function formatExample(line: string): string {
  const parts: string[] = [];
  for (const word of splitShellWords(line)) {
    const isStart = parts.length === 0 || /^(--?\w|--$|\||&&)/.test(word);
    if (isStart) parts.push(word);
    else parts.push(`${parts.pop() ?? ""} ${word}`);
  }
  const lines: string[] = [];
  let current = FIRST_INDENT;
  for (const [index, part] of parts.entries()) {
    const isFirst = current === FIRST_INDENT || current === NEXT_INDENT;
    const next = isFirst ? current + part : `${current} ${part}`;
    if (isFirst || next.length + " \\".length <= MAX_WIDTH || (index === parts.length - 1 && next.length <= MAX_WIDTH))
      current = next;
    else {
      lines.push(`${current} \\`);
      current = NEXT_INDENT + part;
    }
  }
  return [...lines, current].join("\n");
}
