import type { ApiRequest } from "../domain/trigger/api-request.js";
import type { Trigger } from "../domain/trigger/trigger.js";
import type { TypeLanguage, TypesReport } from "../domain/workflow/types-report.js";
import type { WorkflowView } from "../domain/workflow/workflow-view.js";
import type { DoctorReport } from "../output/documents/doctor.js";
import type { EffectiveKey, Profile, Setting } from "../output/documents/settings.js";
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

/** Returns the flags of a command for the local target, whichever target they name. */
export function toLocalFlags<Flags extends TargetFlags>(flags: Flags): Flags {
  return { ...flags, target: "local", local: undefined, remote: undefined };
}

/** The effective settings. The order of precedence is flag, environment variable, knock.json, profile, default. */
export interface SettingsService {
  getTarget(flags: TargetFlags): Promise<"local" | "remote">;
  list(flags: TargetFlags): Promise<Setting[]>;
  /** Returns the API key that commands use, shortened, or null without one. */
  describeKey(flags: TargetFlags): Promise<EffectiveKey | null>;
}

/** The names that lists can be filtered by. */
export interface ProjectNames {
  workflows: readonly string[];
  /** Keys of broadcasts and guides, which messages also name as their workflow. */
  otherSenders: readonly string[];
  channels: readonly { key: string; id: string; type: string | null }[];
}

/** The files of the project that a command works on. This service opens no store. */
export interface ProjectService {
  /**
   * Checks a trigger against the project. Resolves to `unchecked` if there is no project or it does not have the
   * workflow.
   */
  checkTrigger(trigger: Trigger, flags: TargetFlags): Promise<"checked" | "unchecked">;
  /** Returns whether a workflow has this key; false without a project. */
  hasWorkflow(key: string, flags: TargetFlags): Promise<boolean>;
  /** Returns the names of workflows and channels in the project's files; null without a project. */
  readNames(flags: TargetFlags): Promise<ProjectNames | null>;
  /**
   * Returns the names of the workflows' steps: refs, channel types and channels. `workflows` null means every workflow
   * of the project. Returns null if one of them is missing or cannot be read.
   */
  readStepNames(workflows: readonly string[] | null, flags: TargetFlags): Promise<readonly string[] | null>;
  /**
   * Returns a line for each likely mistake in the workflow's file. Only files that this command has read are included.
   */
  readWorkflowWarnings(workflow: string, flags: TargetFlags): Promise<readonly string[]>;
  /**
   * Returns a line for each likely mistake in the environment and the recipients files, which only the local target
   * reads.
   */
  readWarnings(flags: TargetFlags): Promise<readonly string[]>;
  /** From now on, reads each file at most once a second. For commands with many triggers. */
  cacheFiles(): void;
}

/** `write`: the command changes data, or sends messages. A live API key then needs a confirmation. */
export type TargetAccess = "read" | "write";

/** How a command sends many requests to the remote target. */
export interface BulkConnection {
  /** The maximum number of requests at the same time. */
  concurrency: number;
  /** Attempts of a request after the first one. */
  retries: number;
  /** Called when the API refuses a request because of its rate limit, with the milliseconds until the next attempt. */
  onRateLimited: (waitMs: number) => void;
}

/** The target that the settings select. Everything that this service opens is closed when the command ends. */
export interface TargetService {
  open(flags: TargetFlags, access?: TargetAccess, connection?: BulkConnection): Promise<Operations>;
  /** Opens the embedded engine, regardless of the target setting. */
  openLocal(flags: TargetFlags): Promise<LocalOperations>;
  /**
   * Opens the embedded engine for reading. It changes nothing in the store, and treats changed recipients files as
   * applied.
   */
  openForCheck(flags: TargetFlags): Promise<LocalOperations>;
  /** Returns whether the local store exists. */
  hasStore(flags: TargetFlags): Promise<boolean>;
  /** Throws `recipient_not_allowed` if a recipient guard does not allow the remote triggers of one payload. */
  checkRecipients(triggers: readonly Trigger[], flags: TargetFlags): Promise<void>;
  /** Returns the request that a remote trigger would make, without a key if none is configured. */
  describeRequest(trigger: Trigger, idempotencyKey: string | null, flags: TargetFlags): Promise<ApiRequest>;
}

/** A change of a profile; null removes a value. */
export interface ProfileChange {
  api_key?: string | null;
  base_url?: string | null;
  branch?: string | null;
  target?: string | null;
  recipients?: { allow?: string[] | null; redirect?: string | null };
}

/** The result of deleting a profile: no profile had the name, all of it was deleted, or its recipient guard was kept. */
export type DeletedProfile = "missing" | "deleted" | "guard_kept";

/** The stored profiles. */
export interface ProfileService {
  readonly path: string;
  /** Returns the profiles. Their keys are redacted except for the prefix. */
  list(): Profile[];
  /** Creates or updates a profile. */
  write(name: string, change: ProfileChange): Promise<void>;
  /** Deletes a profile except for its recipient guard. */
  delete(name: string): Promise<DeletedProfile>;
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
  /** Reads all workflows of the project, or the one with this key. Throws `workflow_missing` or `project_missing`. */
  readWorkflows(key: string | null, flags: TargetFlags): Promise<WorkflowView[]>;
}

export interface WatchService {
  /**
   * Starts to watch the project's files, except `ownFiles`, which the command writes, and the files of its standard output
   * and error. Each call of the returned function waits for the next change and then forgets everything that was opened. It
   * resolves to false when the command must end.
   */
  watchProject(flags: TargetFlags, ownFiles?: readonly string[]): Promise<() => Promise<boolean>>;
}

/** The path of a written HTML file, and whether a browser was started with it. */
export interface OpenedFile {
  path: string;
  opened: boolean;
}

export interface BrowserService {
  /** Writes HTML to a new file and opens it in the browser, if there is one. */
  openHtml(name: string, html: string): Promise<OpenedFile>;
}

/** The result of `knock init`, with paths relative to the working directory. */
export interface InitResult {
  /** Files that were written. */
  files: string[];
  /** Files that existed and were not changed. */
  kept: string[];
  /** Why the CI workflow would fail. */
  warnings: string[];
  /** The project that contains the new one, if any. */
  within: string | null;
  /** A command that works in the project. */
  next: string;
}

/** The CI services for which `knock init` writes a workflow. */
export const CI_SERVICES = ["github"] as const;

export interface InitOptions {
  ci: (typeof CI_SERVICES)[number] | null;
}

export interface InitService {
  /** Creates a project in a folder, or adds missing files to an existing one. */
  initProject(folder: string, options: InitOptions): Promise<InitResult>;
}

export interface EmulatorFlags extends TargetFlags {
  host: string;
  /** Accepted names in the Host header besides localhost, in lower case. `.lark.test` includes all subdomains. */
  allowedHosts: readonly string[];
  port: number;
  rateLimits: boolean;
  /** Whether warnings about the project's files are errors, and triggers with warnings are rejected. */
  strict: boolean;
  /** Whether each request is printed. */
  logsRequests: boolean;
  /**
   * The path of a file that is written atomically when the server accepts requests, with `{ url, port, pid }`; null
   * writes none.
   */
  readyFile: string | null;
}

/** A running local API. */
export interface OpenedEmulator {
  url: string;
  port: number;
  /** The location of its store, as shown to the user. */
  store: string;
  /** The keys that environment.json listed at the start; null if every key is accepted. */
  keys: readonly string[] | null;
  /** Finishes the requests in progress, then stops. */
  close(): Promise<void>;
  /** Releases the claims of due work in progress, for a process that ends without finishing it. */
  releaseWork(): Promise<void>;
}

export interface DevServices {
  /** Starts the local API on the embedded engine. It applies changes of the project's files. */
  openEmulator(flags: EmulatorFlags): Promise<OpenedEmulator>;
  /**
   * Runs a shell command, or a list of words without a shell, with this process's input and output. `defaults` are set
   * only if the environment does not define them. Forwards interruptions to the process group. Resolves to the exit
   * code.
   */
  runCommand(
    command: string | readonly string[],
    variables: Record<string, string>,
    defaults: Record<string, string>,
  ): Promise<number>;
}

/** How a worker of a database runs. */
export interface SharedWorkerOptions {
  /** The jobs that run at a time. */
  concurrency: number;
  /** Where metrics are served; null serves none. */
  metrics: { host: string; port: number } | null;
}

export interface WorkerService {
  /** Returns whether the store is a database, whose due work several workers share. */
  isShared(flags: TargetFlags): Promise<boolean>;
  /** Opens the embedded engine, whose work is sent as traces if the environment names a collector. */
  openEngine(flags: TargetFlags): Promise<LocalOperations>;
  /** Runs the due work of a database until the process is interrupted. */
  runSharedWorker(options: SharedWorkerOptions, flags: TargetFlags): Promise<void>;
}

/** The language and the file of generated types. */
export interface TypesOptions {
  language: TypeLanguage;
  /** The path as typed; null prints the types. */
  file: string | null;
  /** Whether the file is compared only. */
  check: boolean;
}

export interface TypesService {
  /** Generates the types of the project's trigger data. Throws `project_missing`. */
  generateTypes(options: TypesOptions, flags: TargetFlags): Promise<TypesReport>;
}

/** The shells that `knock completion` supports. */
export const COMPLETION_SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
export type CompletionShell = (typeof COMPLETION_SHELLS)[number];

export interface CompletionService {
  /** Returns the script that a shell loads. */
  getCompletionScript(shell: CompletionShell): Promise<string>;
}

export interface DoctorService {
  /** Checks the setup. Sends a request only if the target is remote. */
  runChecks(flags: TargetFlags): Promise<DoctorReport>;
}
