import { monotonicClock } from "../../util/monotonic-clock.js";
import { TimeLimitExceeded } from "../../util/time-limit.js";
import type { PendingQuery } from "../context/pending-query.js";
import type { AdvanceInput } from "../execution/advance-input.js";
import {
  beginParts,
  createPartRenderer,
  getMaxRenderMs,
  type RenderPart,
  runInSharedLimit,
} from "../liquid/limit-rendering.js";
import { type Advance, advance } from "./advance.js";

/** Signals and requests are handled at least this often while runs are advanced. */
const MAX_BLOCKED_MS = 100;

/** Runs that a caller waits for. */
interface Job {
  inputs: readonly AdvanceInput[];
  results: (Advance | PendingQuery)[];
  /** Executes the steps of the next run, which has exceeded the limit that it shared with others. Null for other runs. */
  renderPart: RenderPart | null;
  resolve(results: (Advance | PendingQuery)[]): void;
  reject(error: unknown): void;
}

const jobs: Job[] = [];

const isDone = ({ inputs, results }: Job): boolean => results.length === inputs.length;

function advanceNext(job: Job): void {
  const input = job.inputs[job.results.length] as AdvanceInput;
  const { renderPart } = job;
  beginParts();
  job.results.push(advance(renderPart === null ? input : { ...input, renderPart }));
}

/** Advances runs until the event loop has to run again. */
function advanceForAWhile(): void {
  const startedAt = monotonicClock.now();
  for (const job of jobs)
    while (!isDone(job)) {
      advanceNext(job);
      if (monotonicClock.now() - startedAt >= MAX_BLOCKED_MS) return;
    }
}

/** Removes the jobs that are done. Not within the limit, which could end it half-way. */
function resolveJobs(): void {
  for (let [job] = jobs; job !== undefined && isDone(job); [job] = jobs) {
    jobs.shift();
    job.resolve(job.results);
  }
}

function advanceJobs(): void {
  const [first] = jobs;
  if (first === undefined) return;
  let failure: { error: unknown } | null = null;
  try {
    if (first.renderPart === null) runInSharedLimit(getMaxRenderMs() + MAX_BLOCKED_MS, advanceForAWhile);
    else advanceNext(first);
  } catch (error) {
    failure = { error };
  }
  first.renderPart = null;
  resolveJobs();
  const [next] = jobs;
  if (next === undefined) return;
  if (failure?.error instanceof TimeLimitExceeded) next.renderPart = createPartRenderer();
  else if (failure !== null) {
    jobs.shift();
    next.reject(failure.error);
  }
  if (jobs.length > 0) setImmediate(advanceJobs);
}

/**
 * Advances runs within a time limit, and lets the event loop run in between. Returns the results in the order of the inputs.
 *
 * A limit takes 0.05 ms, half of a trigger of one recipient. Therefore the runs of concurrent triggers share it. A run that
 * exceeds it is advanced again with a limit for each step, so that only the slow step fails.
 */
export function advanceWithinLimit(inputs: readonly AdvanceInput[]): Promise<(Advance | PendingQuery)[]> {
  if (inputs.length === 0) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    // Triggers that run in lockstep add their runs before the first of them are advanced.
    if (jobs.push({ inputs, results: [], renderPart: null, resolve, reject }) === 1) queueMicrotask(advanceJobs);
  });
}

/** Advances no more of the runs that wait. Their callers get no result, so the process must end. */
export function abandonAdvances(): void {
  jobs.length = 0;
}
