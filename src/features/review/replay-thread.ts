import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import type { ReplayContext, ReplaySource } from "../../comparison/trigger-sources.js";
import type { ProcessIO } from "../../context/process-io.js";
import { startThread } from "../../context/start-thread.js";
import { collectGarbage } from "../../util/collect-garbage.js";
import { monotonicClock } from "../../util/monotonic-clock.js";
import { SUPERVISED } from "../../util/time-limit.js";
import type { ReplayWorkerData, ReplayWorkerMessage } from "./replay-worker.js";
import { appendSample, type SampleRun } from "./scenario-samples.js";
import type { ReviewSide } from "./sides.js";

/** Fewer triggers are replayed in less time than a thread takes to start and to read the project. */
const MIN_TRIGGERS = 1_000;
/** How often the work of a thread is checked. Work that ends late is found by the thread itself. */
const CHECK_MS = 500;

/** A quarter of V8's default for objects that live briefly, which saves 24 MB. */
const MEMORY = { maxYoungGenerationSizeMb: 12 };

type WaitContext = Pick<ReplayContext, "warn" | "setProgress"> & { io: Pick<ProcessIO, "signal"> };

interface Result {
  sample: SampleRun;
  warnings: readonly string[];
}

/** Ends a thread whose work exceeds its limit, which the thread cannot do itself while the work runs. */
function watchLimits(worker: Worker, supervised: Int32Array): NodeJS.Timeout {
  let seen = { turns: 0, at: 0 };
  return setInterval(() => {
    const turns = Atomics.load(supervised, SUPERVISED.turns);
    const limitMs = Atomics.load(supervised, SUPERVISED.limitMs);
    const now = monotonicClock.now();
    if (turns !== seen.turns) seen = { turns, at: now };
    else if (limitMs > 0 && now - seen.at > limitMs) void worker.terminate();
  }, CHECK_MS);
}

/** A thread that replays the triggers of one side while this one works on something else. */
export class ReplayThread {
  private progress: string | null = null;
  private setProgress: (text: string) => void = (text) => {
    this.progress = text;
  };
  private readonly result: Promise<Result | null>;

  constructor(
    private readonly worker: Worker,
    supervised: Int32Array,
  ) {
    const timer = watchLimits(worker, supervised);
    this.result = new Promise((resolve) => {
      const sample: SampleRun = { messages: [], runs: [], rejected: [] };
      worker.on("message", (message: ReplayWorkerMessage) => {
        if ("progress" in message) this.setProgress(message.progress);
        else if ("warnings" in message) resolve({ ...message, sample });
        else appendSample(sample, message.part);
      });
      worker.on("error", () => resolve(null));
      worker.on("exit", () => {
        clearInterval(timer);
        resolve(null);
      });
    });
  }

  /**
   * Returns what the triggers led to. Null if the thread ended before that, because of an error or slow work: the replay then has
   * to run in this thread, which reports the error.
   */
  async wait({ io, warn, setProgress }: WaitContext): Promise<SampleRun | null> {
    this.setProgress = setProgress;
    if (this.progress !== null) setProgress(this.progress);
    collectGarbage();
    const stop = (): void => void this.stop();
    io.signal.addEventListener("abort", stop);
    if (io.signal.aborted) stop();
    const result = await this.result;
    io.signal.removeEventListener("abort", stop);
    for (const warning of result?.warnings ?? []) warn(warning);
    return result?.sample ?? null;
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Starts a thread for the triggers of a file, or returns null if it would not save time. */
export async function startReplayThread(
  { project, cwd: projectCwd }: Pick<ReviewSide, "project" | "cwd">,
  { name, history, countedWorkflows = new Set() }: ReplaySource,
  { threadFile, cwd }: Pick<ProcessIO, "threadFile" | "cwd">,
  minTriggers = MIN_TRIGGERS,
): Promise<ReplayThread | null> {
  if (threadFile === null || history.triggers.length < minTriggers || availableParallelism() < 2) return null;
  const { root, knockDir, settings, environmentName, branchDir } = project;
  const location = { root, knockDir, settings, environmentName, ...(branchDir === undefined ? {} : { branchDir }) };
  const supervised = new Int32Array(new SharedArrayBuffer(SUPERVISED.size * Int32Array.BYTES_PER_ELEMENT));
  const data: ReplayWorkerData = { location, projectCwd, cwd, name, history, countedWorkflows, supervised };
  return new ReplayThread(await startThread(threadFile, "review", data, MEMORY), supervised);
}
