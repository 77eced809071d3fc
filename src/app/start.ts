import { EXIT } from "../errors/knock-error.js";
import { createProcessIO, Interruption } from "./process-io.js";
import { run } from "./run.js";
import type { Commands } from "./run-program.js";

const SIGNAL_EXIT_CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;
/** Signals that are this close are one: `timeout` and npm signal a process, and its group as well. */
const SAME_SIGNAL_MS = 200;

/** Runs what the process was started for, and ends it with the exit code. */
export async function start(commands: Commands): Promise<void> {
  let abort: AbortController | undefined;
  let interruption: { by: Interruption; code: number; at: number } | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const code = SIGNAL_EXIT_CODES[signal];
    process.on(signal, () => {
      const at = performance.now();
      if (interruption !== undefined && at - interruption.at < SAME_SIGNAL_MS) return;
      // A second one means now: what is committed is safe at any moment.
      if (interruption !== undefined) process.exit(code);
      interruption = { by: new Interruption(signal), code, at };
      abort?.abort(interruption.by);
    });
  }
  const signal = (): AbortSignal => {
    abort ??= new AbortController();
    if (interruption !== undefined) abort.abort(interruption.by);
    return abort.signal;
  };
  const { code, isFinal, isOutputBlocked: isStuck } = await run(commands, createProcessIO(signal));
  if (isStuck && interruption !== undefined) {
    // A regular exit would wait for the write. The shell sees the same exit code.
    process.removeAllListeners(interruption.by.signal);
    process.kill(process.pid, interruption.by.signal);
    return;
  }
  // All output has been written by now, and taking the heap apart would take longer than leaving it.
  process.exit(isFinal ? code : (interruption?.code ?? code));
}
