import { parentPort, workerData } from "node:worker_threads";
import type { ProcessIO } from "../../context/process-io.js";
import { setLiquidMode } from "../../engine/liquid/liquid-mode.js";
import type { ProjectLocation } from "../../project/find-project.js";
import type { ChangedParts } from "../../scenarios/changed-parts.js";
import { ScenarioTargets } from "../../scenarios/open-scenario-target.js";
import { type FileOutcome, FileRunner, type SelectedFile } from "../../scenarios/run-file.js";
import type { TestOptions } from "../../scenarios/test-options.js";
import { FileQueue, type QueueMemory, runQueue } from "./file-queue.js";

/** The settings with which a thread runs scenario files. */
export interface TestWorkerData {
  location: ProjectLocation;
  cwd: string;
  options: TestOptions;
  changed: ChangedParts | null;
  files: readonly SelectedFile[];
  queue: QueueMemory;
}

export type TestWorkerMessage =
  | { isReady: true }
  | { file: SelectedFile; outcome: FileOutcome | null }
  | { warning: string };

/** Runs files of a queue in a thread, and sends their outcomes to the thread that started it. */
export async function runTestWorker(processIO: ProcessIO): Promise<void> {
  const { location, cwd, options, changed, files, queue } = workerData as TestWorkerData;
  setLiquidMode(processIO.env.KNOCK_LIQUID);
  const send = (message: TestWorkerMessage): void => parentPort?.postMessage(message);
  const io = { ...processIO, cwd };
  const targets = new ScenarioTargets(location, io, (warning) => send({ warning }));
  send({ isReady: true });
  try {
    await runQueue(new FileQueue(files, queue), new FileRunner(targets, options, io.signal, changed), {
      bail: options.bail,
      signal: io.signal,
      onOutcome: (file, outcome) => send({ file, outcome }),
    });
  } finally {
    await targets.close();
  }
}
