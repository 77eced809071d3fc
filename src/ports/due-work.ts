import type { WorkFields } from "../domain/run/work-fields.js";
import type { DueKind, WorkScope } from "./due-store.js";

/** Triggers with up to this many recipients run before larger ones, and are accepted however much work is due. */
export const MAX_SMALL_TRIGGER = 50;

/** Runs the due work of a store when its time comes, until it is stopped. */
export interface DueWork {
  /**
   * Announces that work is due, or becomes due at `dueAt` (milliseconds of the store's clock). Work without an
   * announcement also runs, but later. Repeating an announcement has no effect.
   */
  wake(dueAt?: number): void;
  /** Claims no more work. Resolves when the running work has ended, or was released after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

/** A process that runs a project on a store that many share. */
export interface LiveProcess {
  kind: "worker" | "server";
  host: string;
  pid: number | null;
  /** The digest of its project. Null for an older version of knock, which records none. */
  project: string | null;
  /** Milliseconds of the store's time. */
  started_at: number;
}

/** The record of a process about the project that it runs. */
export interface ProjectRecord {
  digest: string;
  /** The names of its channels, workflows and their versions. */
  names: readonly string[];
}

/** Names what work needs. A version is the ID of a workflow's version. */
export const toProjectName = (kind: "channel" | "workflow" | "version", id: string): string => `${kind}:${id}`;

/** A part of the due work that one worker performs at a time. */
export interface DueTask {
  kind: DueKind;
  scope: WorkScope;
  /** The job, for logs. */
  job?: WorkFields;
  /** Returns whether other live workers have something by its name. Absent if the task leaves no work to them. */
  isElsewhere?: (name: string) => Promise<boolean>;
}

/** A run that a task could not continue, or a message that it could not deliver. It has ended as failed, or is tried again later. */
export interface DueTaskFailure extends WorkFields {
  /** The error of a run, or the status of a message: the reason of a provider may contain an address. */
  error: string;
  hasEnded: boolean;
  /** Whether many runs fail with this error, so that the store may be the cause. */
  isCommon: boolean;
}

/** The effects of a task. */
export interface DueTaskResult {
  /** The saved runs, by their status after the advance. */
  runs: Record<string, number>;
  /** The runs that were advanced but not saved, because another worker had changed them. */
  refused: number;
  /** Whether work was left to workers with another project. Absent if not. */
  hasLeftWork?: boolean;
  /** The runs that could not be continued, and the messages that ended without a delivery. Absent without any. */
  failures?: DueTaskFailure[];
  /** The delivery attempts, and those of them that failed. */
  deliveries: number;
  failedDeliveries: number;
  /** Whether the channel of the deliveries has a limit per second, so that a second job of it would only wait. */
  isRateLimited?: boolean;
  /** The error that ended the task early. The rest of the result was saved before. */
  error?: unknown;
}

/** Performs a task. When `signal` is aborted, it stops between two transactions. */
export type RunDueTask = (task: DueTask, signal: AbortSignal) => Promise<DueTaskResult>;

/**
 * Does the suspected work that is due in another process, whose claims begin with `processId`. Rejects if this process ends without a
 * result.
 */
export type RunSuspected = (processId: string, signal: AbortSignal) => Promise<DueTaskResult>;

/** A job that ended. */
export interface EndedJob {
  job: WorkFields & { task: string };
  seconds: number;
  /** The error with which it failed. The job is repeated. */
  error: unknown;
  /** Its saved effects, also those before an error. Null if it did not begin. */
  result: DueTaskResult | null;
}

/** Receives what a worker does, for its log and its metrics. */
export interface DueWorkObserver {
  onJobEnded(job: EndedJob): void;
  /** A run could not be continued, or a message not delivered. It contains the fields of the job. */
  onWorkFailed(failure: DueTaskFailure): void;
  /** Rows had lost their job and got a new one. */
  onReconciled(rows: number): void;
  /** The jobs of dead workers were freed. */
  onWorkersFreed(count: number): void;
  /** The search for jobs ended, usually because the database restarted, and starts again. */
  onRestarted(error: unknown): void;
  /** A transaction is repeated after an error with this code. */
  onTransactionRepeated(code: string): void;
  /** The worker cannot reach the database. It continues to try. */
  onError(error: unknown): void;
}

/** The state of a queue of due work, for metrics and health checks. */
export interface DueWorkStatistics {
  /** The age of the oldest due row in seconds. */
  lag: number;
  /** The due runs of small and of large triggers. */
  dueRuns: Record<string, number>;
  jobs: { task: string; state: "waiting" | "running" | "later"; count: number }[];
  /** The age of the oldest transaction in seconds. It is null for a role that cannot see those of other roles. */
  oldestTransaction: number | null;
  deadRows: { table: string; count: number }[];
  /** The jobs that wait for a worker with another project. */
  leftJobs: number;
  /** The rows that are suspected of ending processes, and done alone. */
  suspects: number;
  /** The other projects that live workers and servers run. */
  otherProjects: number;
  waitingForConnections: number;
  openCircuits: string[];
}

/** The due work of a store that many workers share. */
export interface SharedDueWork extends DueWork {
  /** Returns why this worker is not healthy, or null. Writes to the store with a connection of the work, and with a new one. */
  findProblem(): Promise<string | null>;
  readStatistics(): Promise<DueWorkStatistics>;
}
