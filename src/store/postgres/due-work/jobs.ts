import type { WorkFields } from "../../../domain/run/work-fields.js";
import type { DueKind } from "../../../ports/due-store.js";
import { type DueTask, MAX_SMALL_TRIGGER } from "../../../ports/due-work.js";
import { stringify } from "../../rows/json-column.js";
import type { Wakeup } from "../connection/transaction.js";
import { ALL_SHARDS } from "../run/shard.js";

/** The tasks of jobs. A job is a hint: rows say what is due, and a job says when to look for them, and where. */
export const TASKS = ["advance", "wake", "fan_out", "deliver", "follow", "occur"] as const;
export type TaskName = (typeof TASKS)[number];

/** All kinds of work that can be due. */
export const DUE_KINDS: readonly DueKind[] = ["runs", "fan_outs", "messages", "user_changes", "schedules"];

/** Jobs of each size have a share of a worker's concurrency that the others cannot use. */
export type JobSize = "small" | "large";
const PRIORITIES: Record<JobSize, number> = { small: 0, large: 10 };
/** Jobs that are raised run before all others. Those of small triggers still run before those of large ones. */
export const RAISE = 20;
/** All priorities, by which graphile-worker's index is searched first. */
export const ALL_PRIORITIES: readonly number[] = Object.values(PRIORITIES).flatMap((priority) => [
  priority - RAISE,
  priority,
]);

/** The runs that one job advances. */
export const MAX_RUNS_PER_JOB = 500;

/** Jobs for runs that fall due at individual times are shared by groups of so many shards. */
const SHARDS_PER_GROUP = 16;

/** Jobs of the next minute share slots of a tenth of a second, and later ones slots of a second. */
const FINE_SLOT_MS = 100;
const COARSE_SLOT_MS = 1_000;
const MAX_FINE_DELAY_MS = 60_000;

/** The content of a job: which rows to look at. */
export interface JobPayload {
  rows?: { from: number; to: number };
  shards?: { from: number; to: number };
  workflowRunRow?: number;
  channel?: string;
  /** The tenant of the trigger whose work this is, its workflow run and the key of its workflow. */
  tenant?: string;
  run?: string;
  workflow?: string;
  /** The ID of the first job and how often it was run, if this one repeats it. */
  job?: string;
  attempt?: number;
  /** The projects that left the job to another one. */
  leftBy?: string[];
}

/** A job to add. One without a key is always added; one with a key that runs soon replaces a waiting job with the same key. */
export interface NewJob {
  task: TaskName;
  payload: JobPayload;
  size: JobSize;
  /** Milliseconds of the store's time, or null for now. */
  runAt: number | null;
  key: string | null;
}

/** Returns the end of the slot that contains a time: at the end, all its work is due. */
function getSlotEnd(dueAt: number, now: number): number {
  const width = dueAt - now < MAX_FINE_DELAY_MS ? FINE_SLOT_MS : COARSE_SLOT_MS;
  return Math.ceil(dueAt / width) * width;
}

function getShardGroup(shard: number): { from: number; to: number } {
  const from = Math.floor(shard / SHARDS_PER_GROUP) * SHARDS_PER_GROUP;
  return { from, to: from + SHARDS_PER_GROUP - 1 };
}

interface JobPlace {
  task: TaskName;
  /** Identifies the rows in the key. */
  place: string;
  payload: JobPayload;
  /** Whether only one wakeup can have this place, so that jobs for now also have a key. */
  isUnique?: boolean;
}

function findPlace(wakeup: Wakeup): JobPlace {
  const { kind, rows, shard, workflowRunRow, channel, tenant, workflowRunId: run, workflow } = wakeup;
  const owner = { ...(tenant == null ? {} : { tenant }), ...(run && { run }), ...(workflow && { workflow }) };
  switch (kind) {
    case "runs": {
      if (rows)
        return { task: "advance", place: `${rows.from}-${rows.to}`, payload: { rows, ...owner }, isUnique: true };
      const shards = shard === undefined ? ALL_SHARDS : getShardGroup(shard);
      return { task: "wake", place: `${shards.from}-${shards.to}`, payload: { shards } };
    }
    case "fan_outs":
      if (workflowRunRow === undefined) return { task: "fan_out", place: "all", payload: {} };
      return { task: "fan_out", place: `${workflowRunRow}`, payload: { workflowRunRow, ...owner }, isUnique: true };
    case "messages":
      return { task: "deliver", place: channel ?? "all", payload: channel === undefined ? {} : { channel } };
    case "user_changes":
      return { task: "follow", place: "all", payload: {} };
    case "schedules":
      return { task: "occur", place: "all", payload: {} };
  }
}

/** Returns the size of the job for a wakeup. Runs that fall due alone are small; a fan-out reaches more than one chunk. */
function findSize({ kind, size }: Wakeup): JobSize {
  if (size === undefined) return kind === "fan_outs" ? "large" : "small";
  return size > MAX_SMALL_TRIGGER ? "large" : "small";
}

/**
 * Returns the jobs for wakeups. Wakeups for the same rows and time slot share a job. Work that is due now gets a job of its own
 * transaction: a shared one would make transactions wait for each other's commit.
 */
export function buildJobs(wakeups: readonly Wakeup[], now: number): NewJob[] {
  const jobs = new Map<string, NewJob>();
  for (const wakeup of wakeups) {
    const { task, place, payload, isUnique } = findPlace(wakeup);
    const isDue = wakeup.dueAt <= now;
    // The runs of a chunk fall due together, so their job runs exactly then.
    const runAt = isDue ? null : isUnique ? wakeup.dueAt : getSlotEnd(wakeup.dueAt, now);
    const key = isUnique ? `${task}:${place}` : `${task}:${place}:${runAt ?? "now"}`;
    const size = findSize(wakeup);
    const job = { task, payload, size, runAt, key: isDue && !isUnique ? null : key };
    const other = jobs.get(key);
    if (other === undefined || (runAt ?? 0) < (other.runAt ?? 0)) jobs.set(key, job);
  }
  // All transactions take the locks of keys in the same order.
  return [...jobs.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, job]) => job);
}

/** A job as a pool found it. */
export interface FoundJob {
  id: string;
  task: TaskName;
  payload: JobPayload;
  size: JobSize;
  /** How often the job was run, this time included. */
  attempt: number;
}

/** Returns a job for the work that a project leaves to another one. */
export function toLeftJob({ task, payload, size }: FoundJob, project: string): NewJob {
  const { leftBy = [], rows, shards, workflowRunRow, channel } = payload;
  const key = `left:${task}:${stringify([rows, shards, workflowRunRow, channel])}`;
  return { task, size, runAt: null, key, payload: { ...payload, leftBy: [...new Set([...leftBy, project])] } };
}

/** Returns the fields of a job for logs. */
export function toJobFields({ id, task, payload, attempt }: FoundJob): WorkFields & { task: TaskName } {
  const { run, workflow, tenant, channel } = payload;
  return {
    job: id,
    task,
    attempt,
    ...(run && { workflow_run_id: run, workflow, tenant: tenant ?? null }),
    ...(channel && { channel_id: channel }),
  };
}

/** Returns the task of the engine for a job, and for its workflow run if it has one. */
export function toDueTask(task: TaskName, payload: JobPayload, { workflow_run_id: id }: WorkFields): DueTask {
  const { rows, shards, channel } = payload;
  switch (task) {
    case "advance":
    case "wake":
      return { kind: "runs", scope: { heldByJob: true, ...(rows ? { rows } : {}), ...(shards ? { shards } : {}) } };
    case "fan_out":
      return { kind: "fan_outs", scope: id === undefined ? {} : { workflowRunIds: [id] } };
    case "deliver":
      return { kind: "messages", scope: channel === undefined ? {} : { channel } };
    case "follow":
      return { kind: "user_changes", scope: {} };
    case "occur":
      return { kind: "schedules", scope: {} };
  }
}

/** The flags with which a worker leaves jobs of a size or a channel to others. */
export const toSizeFlag = (size: JobSize): string => `size:${size}`;
/** Large chunks of runs take the process's only thread, so a worker advances few of them at a time. */
export const LARGE_ADVANCE_FLAG = "large-advance";
/** Deliveries may wait for a provider, so the jobs that a worker reserves for a size of work do not include them. */
export const DELIVERY_FLAG = "delivery";
export const toChannelFlag = (channel: string): string => `channel:${channel}`;
/** The flag of a job that workers of a project skip, because another project has what it needs. */
export const toLeftFlag = (project: string): string => `left:${project}`;

function isLargeAdvance(task: TaskName, size: JobSize): boolean {
  return size === "large" && task !== "deliver";
}

export function toFlags({ task, size, payload }: NewJob): string[] {
  const flags = [toSizeFlag(size)];
  if (isLargeAdvance(task, size)) flags.push(LARGE_ADVANCE_FLAG);
  if (task === "deliver") flags.push(DELIVERY_FLAG);
  if (payload.channel !== undefined) flags.push(toChannelFlag(payload.channel));
  flags.push(...(payload.leftBy ?? []).map(toLeftFlag));
  return flags;
}

export const getPriority = ({ size }: NewJob): number => PRIORITIES[size];

/** A job as the columns of its row. */
export interface JobRow {
  task: TaskName;
  payload: JobPayload;
  run_at: number | null;
  key: string | null;
  priority: number;
  flags: readonly string[];
}

export function toJobRow(job: NewJob): JobRow {
  const { task, payload, runAt, key } = job;
  return { task, payload, run_at: runAt, key, priority: getPriority(job), flags: toFlags(job) };
}
