import { isMainThread } from "node:worker_threads";
import { COMMANDS } from "./app/commands.js";
import { createProcessIO } from "./app/process-io.js";
import { start } from "./app/start.js";

if (isMainThread) void start(COMMANDS);
else {
  // `knock test` starts threads with this file.
  const { signal } = new AbortController(); // The main thread ends this one.
  void import("./app/test/test-worker.js").then(({ runTestWorker }) => runTestWorker(createProcessIO(() => signal)));
}
