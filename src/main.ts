import { PROGRAM } from "./app/program.js";
import { start } from "./app/start.js";
import { createProcessIO } from "./context/process-io.js";
import { THREAD_ARGUMENT } from "./context/start-thread.js";

/** Returns the command that has started this file as a thread, or null. Commands do not load the module, which takes 2 ms. */
async function findThreadCommand(): Promise<string | null> {
  const [command, last] = process.argv.slice(-2);
  if (command === undefined || last !== THREAD_ARGUMENT) return null;
  return (await import("node:worker_threads")).isMainThread ? null : command;
}

async function main(): Promise<void> {
  const command = await findThreadCommand();
  if (command === null) return start(PROGRAM);
  const { signal } = new AbortController(); // The main thread ends this one.
  const io = createProcessIO(() => signal);
  if (command === "review") await (await import("./features/review/replay-worker.js")).runReplayWorker(io);
  else await (await import("./features/test/test-worker.js")).runTestWorker(io);
}

void main();
