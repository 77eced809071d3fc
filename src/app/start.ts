import { EXIT } from "../errors/knock-error.js";
import type { Commands } from "./program.js";
import { run } from "./run.js";
import { Interruption, processSurroundings } from "./surroundings.js";

const INTERRUPTED = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;
/** Signals that are this close are one: `timeout` and npm signal a process, and its group as well. */
const ONE_MS = 200;

/** Runs what the process was started for, and ends it with the exit code. */
export async function start(commands: Commands): Promise<void> {
  let abort: AbortController | undefined;
  let interrupted: { by: Interruption; code: number; at: number } | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const code = INTERRUPTED[signal];
    process.on(signal, () => {
      const at = performance.now();
      if (interrupted !== undefined && at - interrupted.at < ONE_MS) return;
      // A second one means now: what is committed is safe at any moment.
      if (interrupted !== undefined) process.exit(code);
      interrupted = { by: new Interruption(signal), code, at };
      abort?.abort(interrupted.by);
    });
  }
  const signal = (): AbortSignal => {
    abort ??= new AbortController();
    if (interrupted !== undefined) abort.abort(interrupted.by);
    return abort.signal;
  };
  const { code, isFinal, isStuck } = await run(commands, processSurroundings(signal));
  if (isStuck && interrupted !== undefined) {
    // A regular exit would wait for the write. The shell sees the same exit code.
    process.removeAllListeners(interrupted.by.by);
    process.kill(process.pid, interrupted.by.by);
    return;
  }
  // All output has been written by now, and taking the heap apart would take longer than leaving it.
  process.exit(isFinal ? code : (interrupted?.code ?? code));
}
