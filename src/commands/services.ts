import type { ApiRequest } from "../domain/trigger/api-request.js";
import type { Trigger } from "../domain/trigger/trigger.js";
import type { WorkflowView } from "../domain/workflow/workflow-view.js";
import type { BroadcastOperations } from "../ports/broadcast-service.js";
import type { LocalOperations, Operations } from "../ports/operations.js";
import type { SourceOperations } from "../ports/source-service.js";

/** Flags that select the project, the store and the target. */
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

/** A setting's value and where it comes from, for `knock config list`. */
export interface SettingView {
  name: string;
  value: string | null;
  source: "flag" | "environment" | "project" | "profile" | "default";
}

/** Effective settings: flag > environment variable > knock.json > profile > default. */
export interface SettingsService {
  getTarget(flags: TargetFlags): Promise<"local" | "remote">;
  list(flags: TargetFlags): Promise<SettingView[]>;
}

/** Names that lists can be filtered by. */
export interface ProjectNames {
  workflows: readonly string[];
  /** Keys of broadcasts and guides, which messages name as their workflow as well. */
  otherSenders: readonly string[];
  channels: readonly { key: string; id: string; type: string | null }[];
}

/** The files of the project that a command works on. Opens no store. */
export interface ProjectService {
  /** Checks a trigger against the project. Returns `unchecked` if there is no project or no such workflow to check it with. */
  checkTrigger(trigger: Trigger, flags: TargetFlags): Promise<"checked" | "unchecked">;
  /** Returns whether a workflow has this key; false without a project. */
  hasWorkflow(key: string, flags: TargetFlags): Promise<boolean>;
  /** Returns the names of workflows and channels in the project's files; null without a project. */
  readNames(flags: TargetFlags): Promise<ProjectNames | null>;
  /**
   * Returns the names of steps of workflows: refs, channel types, channels. Null for `workflows` means every workflow of the
   * project. Returns null if one of them is missing or cannot be read.
   */
  readStepNames(workflows: readonly string[] | null, flags: TargetFlags): Promise<readonly string[] | null>;
  /** Returns a line for each likely mistake in a workflow's file that this command has read. */
  readWorkflowWarnings(workflow: string, flags: TargetFlags): Promise<readonly string[]>;
  /** Returns a line for each likely mistake in the environment and the recipients files, which only the local target reads. */
  readWarnings(flags: TargetFlags): Promise<readonly string[]>;
}

/** The target that the settings name. Whatever it opens is closed when the command ends. */
export interface TargetService {
  open(flags: TargetFlags): Promise<Operations>;
  /** Opens the embedded engine, whatever the target setting says. */
  openLocal(flags: TargetFlags): Promise<LocalOperations>;
  /** Opens the embedded engine for reading: it changes nothing in the store, and sees changed recipients files as if applied. */
  openForCheck(flags: TargetFlags): Promise<LocalOperations>;
  /** Returns whether the local store exists. */
  hasStore(flags: TargetFlags): Promise<boolean>;
  /** Returns the request that a remote trigger would make, without a key if none is configured. */
  describeRequest(trigger: Trigger, idempotencyKey: string | null, flags: TargetFlags): Promise<ApiRequest>;
}

/** A stored profile as it may be shown: only the end of its key. */
export interface ProfileView {
  name: string;
  is_default: boolean;
  api_key: string | null;
  base_url: string | null;
  branch: string | null;
  target: string | null;
}

/** The stored profiles. */
export interface ProfileService {
  readonly path: string;
  list(): ProfileView[];
  /** Creates or changes a profile; null removes a value. */
  write(
    name: string,
    change: { api_key?: string | null; base_url?: string | null; branch?: string | null; target?: string | null },
  ): Promise<void>;
  /** Returns false if there was none of this name. */
  delete(name: string): Promise<boolean>;
  getDefaultName(): string | null;
  setDefault(name: string | null): Promise<void>;
}

/** The embedded engine with a project's sources and broadcasts. */
export interface LocalTarget {
  operations: LocalOperations;
  sources: SourceOperations;
  broadcasts: BroadcastOperations;
}

export interface LocalTargetService {
  openLocalTarget(flags: TargetFlags): Promise<LocalTarget>;
}

export interface WorkflowService {
  /** Reads the workflows of the project, or the one of a key. Throws `workflow_missing`, `project_missing`. */
  readWorkflows(key: string | null, flags: TargetFlags): Promise<WorkflowView[]>;
}

export interface WatchService {
  /**
   * Watches the project's files from now on. The returned function waits for the next change, then forgets everything that
   * was opened. It returns false when the command is to end.
   */
  watchProject(flags: TargetFlags): Promise<() => Promise<boolean>>;
}

/** Where HTML was written, and whether a browser was started on it. */
export interface OpenedFile {
  path: string;
  opened: boolean;
}

export interface BrowserService {
  /** Writes HTML to a file of its own and opens it in the browser, if there is one. */
  openHtml(name: string, html: string): Promise<OpenedFile>;
}

/** What `knock init` did, with paths relative to the working directory. */
export interface InitResult {
  /** Files written. */
  files: string[];
  /** Files that existed and were not changed. */
  kept: string[];
  /** The project that contains the new one, if any. */
  within: string | null;
  /** A command that works in the project. */
  next: string;
}

export interface InitService {
  /** Creates a project in a folder, or adds what an existing one lacks. */
  initProject(folder: string): Promise<InitResult>;
}

export interface EmulatorFlags extends TargetFlags {
  host: string;
  /** Names in the Host header that are answered besides localhost's, in lower case; `.lark.test` includes all subdomains. */
  allowedHosts: readonly string[];
  port: number;
  rateLimits: boolean;
  /** Warnings of the project's files are errors, and triggers with warnings are rejected. */
  strict: boolean;
  /** Whether each answered request is shown. */
  logsRequests: boolean;
  /** Written in one piece once requests are answered: `{ url, port, pid }`. */
  readyFile: string | null;
}

/** The local API, answering requests. */
export interface OpenedEmulator {
  url: string;
  port: number;
  /** The location of its store, as shown to the user. */
  store: string;
  /** The keys that environment.json listed at the start; null if it accepts any. */
  keys: readonly string[] | null;
  /** Answers the requests in progress, then stops. */
  close(): Promise<void>;
}

export interface DevServices {
  /** Starts the local API over the embedded engine; it follows changes of the project's files. */
  openEmulator(flags: EmulatorFlags): Promise<OpenedEmulator>;
  /**
   * Runs a shell command, or a list of words without a shell, with this process's input and output. `defaults` are set only
   * if the environment does not define them. Forwards interruptions to the process group. Returns the exit code.
   */
  runCommand(
    command: string | readonly string[],
    variables: Record<string, string>,
    defaults: Record<string, string>,
  ): Promise<number>;
}
