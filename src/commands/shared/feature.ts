import type { Argument, Command, Option } from "commander";
import type { CommandContext } from "../../context/command-context.js";
import type { OutputDocument } from "../../output/documents/describe-document.js";
import type { PublishedSchema } from "../../project/file-schemas.js";
import type { Project } from "../../project/open-project.js";
import type { HelpTopic } from "./help-topic.js";
import type { HttpService } from "./http-service.js";

/** Adds a command to the program. */
export type RegisterCommand = (program: Command, context: CommandContext) => void;

/** An optional part of the program, in a folder of its own. Its parts are imported when they are needed. */
export interface Feature {
  /** The commands by name, in the order in which help lists them. Each is imported when argv names it. */
  commands: Readonly<Record<string, () => Promise<RegisterCommand>>>;
  /** Loads the JSON documents that the commands print, whose JSON Schemas are published. */
  loadDocuments(): Promise<readonly OutputDocument[]>;
  /** Loads the formats of the feature's files in a project, by the name of their JSON Schema. */
  loadFileSchemas?(): Promise<Readonly<Record<string, PublishedSchema>>>;
  /** Pages of `knock help`, by topic. */
  helpTopics?: Readonly<Record<string, () => Promise<HelpTopic>>>;
  /** Loads what `knock dev` serves for the feature. */
  loadHttpServices?(): Promise<readonly HttpService[]>;
  /** Loads what completes the values of its options and arguments. */
  loadCompletions?(): Promise<Completions>;
}

/** A word that can be completed. */
export interface Candidate {
  name: string;
  description: string;
}

export const toCandidate = (name: string): Candidate => ({ name, description: "" });

/** Makes the scripts complete paths of files. The completion library defines this word. */
export const FILES = "__tabtab_complete_files__";

/** Describes the word at the cursor: the value of an option, an option, or an argument. */
export interface Position {
  command: Command;
  /** The option whose value is completed, or null. */
  option: Option | null;
  /** The argument that is completed if the word is not a value; null if there is no further argument. */
  argument: Argument | null;
  /** The arguments before the word. */
  args: string[];
  /** The values of options before the word, by long name. The last one is kept. */
  values: Map<string, string>;
}

/** Lists the words that may complete `current`, from the files or the store of the project. */
export type ListValues = (
  project: Project,
  position: Position,
  current: string,
  context: CommandContext,
) => Promise<Candidate[]>;

export interface Completions {
  /** Values of options, by long name. */
  options: Readonly<Record<string, ListValues>>;
  /** Values of arguments, by command and name of the argument, or by the name alone. */
  arguments: Readonly<Record<string, ListValues>>;
}
