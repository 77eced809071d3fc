import { getBuiltinModule, versions } from "node:process";
import type { Worker } from "node:worker_threads";
import { startThread } from "../../context/start-thread.js";
import { monotonicClock } from "../../util/monotonic-clock.js";
import type { TestWorkerData, TestWorkerMessage } from "./test-worker.js";

/** Whether V8 has the flag: version 11, of Node 20, does. Later versions do not, and optimize fewer functions. */
const HAS_BUDGET = versions.v8.startsWith("11.");
const DEFAULT_BUDGET = 67_584;
/**
 * The bytecode that a function runs before V8 optimizes it. With the default, each thread optimizes 450 functions, which
 * takes longer than it saves in a run of a few seconds: 1,000 scenarios take 2.4 s with this budget and 3.0 s without it.
 */
const TEST_BUDGET = 600_000;

function setBudget(bytes: number): void {
  if (HAS_BUDGET) getBuiltinModule("node:v8").setFlagsFromString(`--interrupt-budget=${bytes}`);
}

/** Makes V8 optimize functions later, in all threads of the process, until `restoreOptimization` is called. */
function delayOptimization(): void {
  setBudget(TEST_BUDGET);
}

/**
 * Restores the default. V8 refuses compiled code that was stored with other flags, so this must happen before a thread
 * stores its code or loads stored code.
 */
function restoreOptimization(): void {
  setBudget(DEFAULT_BUDGET);
}

/** Starting a thread costs about 100 ms of a processor, so runs that end sooner use none. */
const START_AFTER_MS = 150;

/** Returns the number of threads, including the main one, unless `--workers` sets it. */
const getDefaultThreadCount = (): number => getBuiltinModule("node:os").availableParallelism();

interface ThreadOptions {
  /** The module that a thread runs; null runs everything in this thread. */
  threadFile: string | null;
  /** The largest number of threads, including this one; null uses the number of processors. */
  maxThreads: number | null;
  /** The age of a run, in milliseconds, from which it is worth starting threads. */
  startAfterMs?: number;
  onMessage(message: Exclude<TestWorkerMessage, { isReady: true }>): void;
}

/** The threads that help the main one to run scenario files. */
export class TestThreads {
  private readonly startedAt = monotonicClock.now();
  private readonly workers: Worker[] = [];
  private readonly ends: Promise<void>[] = [];

  constructor(private readonly options: ThreadOptions) {}

  /** Starts threads, once, if the run takes long enough and files are left for them. */
  async startIfUseful(remainingFiles: number, data: () => TestWorkerData): Promise<void> {
    const { threadFile, maxThreads, startAfterMs = START_AFTER_MS, onMessage } = this.options;
    if (threadFile === null || remainingFiles < 2 || this.workers.length > 0) return;
    if (monotonicClock.now() - this.startedAt < startAfterMs) return;
    const count = Math.min((maxThreads ?? getDefaultThreadCount()) - 1, remainingFiles - 1);
    if (count < 1) return;
    let readyCount = 0;
    for (let n = 0; n < count; n++) {
      const worker = await startThread(threadFile, "test", data());
      worker.on("message", (message: TestWorkerMessage) => {
        if (!("isReady" in message)) onMessage(message);
        // All threads have loaded their code, which V8 refuses with other flags.
        else if (++readyCount === count) delayOptimization();
      });
      this.workers.push(worker);
      const ended = new Promise<void>((resolve, reject) => {
        worker.once("exit", () => resolve());
        worker.once("error", reject);
      });
      ended.catch(() => {}); // `wait` reports the error.
      this.ends.push(ended);
    }
  }

  /** Resolves when all threads have ended. Rejects with the error of a thread. */
  async wait(): Promise<void> {
    await Promise.all(this.ends);
  }

  async stop(): Promise<void> {
    if (this.workers.length === 0) return;
    restoreOptimization();
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
