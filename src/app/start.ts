import { createProcessIO, INTERRUPT_SIGNALS, Interruption, type InterruptSignal } from "../context/process-io.js";
import { EXIT } from "../errors/error-codes.js";
import { run } from "./run.js";
import type { Program } from "./run-program.js";
import { hasSecretArgument } from "./secret-arguments.js";

const SIGNAL_EXIT_CODES: Readonly<Record<InterruptSignal, number>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.hung_up,
};
/**
 * Milliseconds within which two signals count as one, because `timeout` and npm signal a process and also its group.
 */
const SAME_SIGNAL_MS = 200;

/** Hides the command line from `ps`, because other users of the computer could read an API key or a password in it. */
function hideSecrets(): void {
  if (hasSecretArgument(process.argv)) process.title = "knock";
}

/** Runs the process's command, and ends the process with the exit code. */
export async function start(program: Program): Promise<void> {
  hideSecrets();
  let abort: AbortController | undefined;
  let interruption: { by: Interruption; code: number; at: number } | undefined;
  for (const signal of INTERRUPT_SIGNALS) {
    const code = SIGNAL_EXIT_CODES[signal];
    process.on(signal, () => {
      const at = performance.now();
      if (interruption !== undefined && at - interruption.at < SAME_SIGNAL_MS) return;
      // A second signal ends the process immediately; committed data is safe at any time.
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
  const { code, isFinal, isOutputBlocked: isStuck } = await run(program, createProcessIO(signal));
  if (isStuck && interruption !== undefined) {
    // A regular exit would wait for the write. The shell sees the same exit code.
    process.removeAllListeners(interruption.by.signal);
    process.kill(process.pid, interruption.by.signal);
    return;
  }
  // All output has been written, and an exit is faster than the garbage collection of a regular end.
  process.exit(isFinal ? code : (interruption?.code ?? code));
}
