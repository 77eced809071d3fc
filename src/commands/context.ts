import type { Command } from "commander";
import type { ExpectationResult } from "../domain/run/expectation.js";
import type { Trigger } from "../domain/trigger/trigger.js";
import type { ApiRequest } from "../domain/trigger/trigger-request.js";
import type { WorkflowView } from "../domain/workflow/workflow-view.js";
import type { InputSource } from "../input/input-source.js";
import type { Output } from "../output/output.js";
import type { BroadcastOperations } from "../ports/broadcasts.js";
import type { LocalOperations, Operations } from "../ports/operations.js";
import type { SourceOperations } from "../ports/sources.js";

/** Flags that say where the project, the store and the target are; every command that works on them has the same. */
export interface TargetFlags {
  project?: string | undefined;
  knockDir?: string | undefined;
  store?: string | undefined;
  target?: string | undefined;
  local?: boolean | undefined;
  remote?: boolean | undefined;
  profile?: string | undefined;
  apiKey?: string | undefined;
  baseUrl?: string | undefined;
  branch?: string | undefined;
  environment?: string | undefined;
  timeout?: string | undefined;
  validate?: boolean | undefined;
  yes?: boolean | undefined;
}

/** A stored profile as it may be shown: the key only in part. */
export interface ProfileView {
  name: string;
  is_default: boolean;
  api_key: string | null;
  base_url: string | null;
  branch: string | null;
  target: string | null;
}

/** Where a setting's value comes from, for `knock config list`. */
export interface SettingView {
  name: string;
  value: string | null;
  source: "flag" | "environment" | "project" | "profile" | "default";
}

export interface Profiles {
  path: string;
  list(): ProfileView[];
  /** Creates or changes; null removes a value. */
  write(
    name: string,
    change: { api_key?: string | null; base_url?: string | null; branch?: string | null; target?: string | null },
  ): Promise<void>;
  delete(name: string): Promise<boolean>;
  defaultName(): string | null;
  setDefault(name: string | null): Promise<void>;
}

/** Names that lists can be filtered by. */
export interface ProjectNames {
  /** Keys of workflows, and of what else messages come from: broadcasts and guides. */
  workflows: readonly string[];
  channels: readonly { key: string; id: string; type: string | null }[];
}

/** What `knock init` did, paths relative to the working directory. */
export interface InitResult {
  /** Files written. */
  files: string[];
  /** Files that were there, and stay as they are. */
  kept: string[];
  /** The project that the new one is inside of, if any. */
  within: string | null;
  /** A command that works in the project. */
  next: string;
}

/** Where HTML was written, and whether a browser was started on it. */
export interface Shown {
  path: string;
  opened: boolean;
}

export interface EmulatorFlags extends TargetFlags {
  host: string;
  /** Names in the Host header that are answered besides this machine's own, in lower case; `.lark.test` and all below it. */
  allowedHosts: readonly string[];
  port: number;
  rateLimits: boolean;
  /** Warnings of the project's files are errors, and triggers with warnings are rejected. */
  strict: boolean;
  /** Whether requests are shown as they are answered. */
  logsRequests: boolean;
  /** Written in one piece once requests are answered: `{ url, port, pid }`. */
  readyFile: string | null;
}

/** The local API, answering. */
export interface OpenedEmulator {
  url: string;
  port: number;
  /** The store it works on, as it is shown. */
  store: string;
  /** The keys that environment.json listed at the start; null where any will do. */
  keys: readonly string[] | null;
  /** Answers what is in hand, and ends. */
  close(): Promise<void>;
}

/** The embedded engine with what stands beside it. */
export interface LocalParts {
  operations: LocalOperations;
  sources: SourceOperations;
  broadcasts: BroadcastOperations;
}

/** What a command is given. Nothing is opened before it is asked for. */
export interface CommandContext {
  output: Output;
  input: InputSource;
  /** As typed. */
  argv: readonly string[];
  /** Aborted by Ctrl-C or a termination signal: finish what is in hand and report. */
  readonly signal: AbortSignal;
  /** Ends the process with this code, once all is written; an interruption's goes before one that is not final. */
  exit(code: number, isFinal?: boolean): void;
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Asks on the terminal; false without one. */
  confirm(question: string): Promise<boolean>;
  /** Reads a secret from the terminal without showing it; null without one. */
  askSecret(question: string): Promise<string | null>;

  /** The target the settings name, opened; closed by the program at the end. */
  openOperations(flags: TargetFlags): Promise<Operations>;
  /** The embedded engine, whatever the target setting says. */
  openLocal(flags: TargetFlags): Promise<LocalOperations>;
  /** The embedded engine with a project's sources and broadcasts. */
  openLocalParts(flags: TargetFlags): Promise<LocalParts>;
  /** The local API over the embedded engine; it follows the project's files. */
  openEmulator(flags: EmulatorFlags): Promise<OpenedEmulator>;
  /**
   * Runs a shell command, or words without a shell, with this process's input and outputs and more variables; those that `defaults` names only where
   * they are not set. Its exit code; an interruption is passed on to all that came of it.
   */
  runCommand(
    command: string | readonly string[],
    variables: Record<string, string>,
    defaults: Record<string, string>,
  ): Promise<number>;
  /**
   * Watches the project's files from now on. What it answers with waits for the next change and then forgets what was opened;
   * false when the command is to end.
   */
  watchProject(flags: TargetFlags): Promise<() => Promise<boolean>>;
  /** Whether the local store exists yet. */
  hasStore(flags: TargetFlags): Promise<boolean>;
  targetOf(flags: TargetFlags): Promise<"local" | "remote">;
  /** Checks a trigger against the project, opening no store: `unchecked` where there is no project or workflow to check by. */
  checkTrigger(trigger: Trigger, flags: TargetFlags): Promise<"checked" | "unchecked">;
  /** Whether a word is a workflow's key in the project; false where there is no project. */
  namesWorkflow(word: string, flags: TargetFlags): Promise<boolean>;
  /**
   * Names of the steps of workflows: refs, channel types, channels. Null for `workflows` stands for all of the project; answers null
   * where one of them is missing or cannot be read.
   */
  stepNames(workflows: readonly string[] | null, flags: TargetFlags): Promise<readonly string[] | null>;
  /** Reports rules of `--expect` of which some are not met to the CI system that runs the command, if it is a known one. */
  reportUnmet(title: string, results: readonly ExpectationResult[]): Promise<void>;
  /** What a workflow file that this command has read says without effect, a line each. */
  workflowWarnings(workflow: string, flags: TargetFlags): Promise<readonly string[]>;
  /** The workflows of the project, or the one of a key. Throws `workflow_missing`, `project_missing`. */
  readWorkflows(key: string | null, flags: TargetFlags): Promise<WorkflowView[]>;
  /** What is probably a mistake in the environment or the recipients files, a line each. Only the local target reads those. */
  projectWarnings(flags: TargetFlags): Promise<readonly string[]>;
  /** The embedded engine for a look: nothing of the store is created or changed, recipients files that have changed are laid over it. */
  openForCheck(flags: TargetFlags): Promise<LocalOperations>;
  /** The request a remote trigger would make; without a key configured it shows none. */
  describeRequest(trigger: Trigger, idempotencyKey: string | null, flags: TargetFlags): Promise<ApiRequest>;
  /** Names of workflows and channels in the project's files; null where there is no project. */
  projectNames(flags: TargetFlags): Promise<ProjectNames | null>;
  /** Writes HTML to a file of its own and opens it in the browser, where there is one. */
  showHtml(name: string, html: string): Promise<Shown>;
  profiles(): Profiles;
  settings(flags: TargetFlags): Promise<SettingView[]>;
  /** Creates a project in a folder, or adds what an existing one lacks. */
  initProject(folder: string): Promise<InitResult>;
}

/** A command's file: it adds itself to the program. */
export type Register = (program: Command, context: CommandContext) => void;
