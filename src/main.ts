import { PROGRAM } from "./app/program.js";
import { start } from "./app/start.js";
import { createProcessIO } from "./context/process-io.js";
import { THREAD_ARGUMENT } from "./features/test/test-threads.js";

/** Returns whether `knock test` has started this file as a thread. Commands do not load the module, which takes 2 ms. */
async function isTestThread(): Promise<boolean> {
  return process.argv.at(-1) === THREAD_ARGUMENT && !(await import("node:worker_threads")).isMainThread;
}

async function main(): Promise<void> {
  if (!(await isTestThread())) return start(PROGRAM);
  const { signal } = new AbortController(); // The main thread ends this one.
  const { runTestWorker } = await import("./features/test/test-worker.js");
  await runTestWorker(createProcessIO(() => signal));
}

void main();
