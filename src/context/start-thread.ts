import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ResourceLimits, Worker } from "node:worker_threads";
import { findPackageFolder } from "../util/find-package-folder.js";
import { isExecutable } from "../util/is-executable.js";

/** The last argument of a thread. The one before it is the command that started it. */
export const THREAD_ARGUMENT = "--thread";

/** A thread of the executable cannot read the files inside it, so it runs a text that mounts them. */
const EXECUTABLE_OPTIONS = { eval: true, execArgv: ["--experimental-vfs", "--disable-warning=ExperimentalWarning"] };

function readExecutableThread(): string {
  return readFileSync(join(findPackageFolder(), "thread.cjs"), "utf8");
}

/** Starts this build again in a thread, which does its part of a command. */
export async function startThread(
  threadFile: string,
  command: string,
  workerData: unknown,
  resourceLimits: ResourceLimits = {},
): Promise<Worker> {
  const { Worker } = await import("node:worker_threads");
  const options = { argv: [command, THREAD_ARGUMENT], workerData, resourceLimits };
  return isExecutable()
    ? new Worker(readExecutableThread(), { ...options, ...EXECUTABLE_OPTIONS })
    : new Worker(threadFile, options);
}
