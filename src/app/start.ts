import type { Parts } from "./create-context.js";
import type { Commands } from "./program.js";
import { run } from "./run.js";
import { processSurroundings } from "./surroundings.js";

const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;

/** Runs what the process was started for, and ends it with the exit code. */
export async function start(commands: Commands, parts: Parts = {}): Promise<void> {
  let abort: AbortController | undefined;
  let interrupted: number | undefined;
  for (const [signal, code] of Object.entries(INTERRUPTED)) {
    process.on(signal, () => {
      // A second one means now: what is committed is safe at any moment.
      if (interrupted !== undefined) process.exit(code);
      interrupted = code;
      abort?.abort();
    });
  }
  const signal = (): AbortSignal => {
    abort ??= new AbortController();
    if (interrupted !== undefined) abort.abort();
    return abort.signal;
  };
  const code = await run(commands, processSurroundings(signal), parts);
  // All output has been written by now, and taking the heap apart would take longer than leaving it.
  process.exit(interrupted ?? code);
}
