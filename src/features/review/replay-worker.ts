import { exit } from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import type { RecordedHistory } from "../../comparison/recorded-history.js";
import { openFileSource } from "../../comparison/trigger-sources.js";
import type { ProcessIO } from "../../context/process-io.js";
import { setLiquidMode } from "../../engine/liquid/liquid-mode.js";
import type { ProjectLocation } from "../../project/find-project.js";
import { openProject } from "../../project/open-project.js";
import { monotonicClock } from "../../util/monotonic-clock.js";
import { superviseWork } from "../../util/time-limit.js";
import { replaySample } from "./replay-sample.js";
import type { SampleRun } from "./scenario-samples.js";

/** The triggers that a thread replays, and the files of the side. */
export interface ReplayWorkerData {
  location: ProjectLocation;
  /** The folder to which paths in messages are relative. */
  projectCwd: string;
  cwd: string;
  name: string;
  history: RecordedHistory;
  countedWorkflows: ReadonlySet<string>;
  supervised: Int32Array;
}

/** A part of the result is sent as lists of up to {@link PART_SIZE} items, which takes less memory than one message. */
export type ReplayWorkerMessage = { progress: string } | { part: Partial<SampleRun> } | { warnings: readonly string[] };

const PART_SIZE = 500;
const PROGRESS_MS = 100;
const ALL = { range: { since: null, until: null, workflows: [] }, last: null };

/** Replays the triggers of a file in a thread, and sends what they led to to the thread that started it. */
export async function runReplayWorker(processIO: ProcessIO): Promise<void> {
  const { location, projectCwd, cwd, name, history, countedWorkflows, supervised } = workerData as ReplayWorkerData;
  setLiquidMode(processIO.env.KNOCK_LIQUID);
  superviseWork(supervised, exit);
  const send = (message: ReplayWorkerMessage): void => parentPort?.postMessage(message);
  const warnings: string[] = [];
  let reportedAt = Number.NEGATIVE_INFINITY;
  const source = { ...openFileSource(name, [], ALL), history, countedWorkflows };
  const sample = await replaySample(source, {
    project: openProject(location, projectCwd),
    io: { ...processIO, cwd },
    warn: (text) => void warnings.push(text),
    setProgress(progress) {
      const now = monotonicClock.now();
      if (now - reportedAt < PROGRESS_MS) return;
      reportedAt = now;
      send({ progress });
    },
  });
  for (const [name, items] of Object.entries(sample))
    while (items.length > 0) send({ part: { [name]: items.splice(0, PART_SIZE) } });
  send({ warnings });
}
