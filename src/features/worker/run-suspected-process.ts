import { execa } from "execa";
import type { ProcessIO } from "../../context/process-io.js";
import type { RunSuspected } from "../../ports/due-work.js";
import { isExecutable } from "../../util/is-executable.js";

/** A process that takes longer than this is ended. A claim of a message, the longest, is 2 minutes. */
const MAX_DURATION_MS = 600_000;
const KILL_DELAY_MS = 8_000;

/** Returns a function that starts this command again as a process that does only suspected work, and prints its result. */
export function createSuspectedProcess(io: ProcessIO): RunSuspected {
  const [script = ""] = process.argv.slice(1);
  const program = isExecutable() ? [] : [...process.execArgv, script];
  return async (processId, signal) => {
    const { stdout } = await execa(process.execPath, [...program, ...io.argv, "--suspected", processId], {
      cwd: io.cwd,
      env: io.env,
      extendEnv: false,
      stdin: "ignore",
      stderr: "inherit",
      cancelSignal: signal,
      forceKillAfterDelay: KILL_DELAY_MS,
      timeout: MAX_DURATION_MS,
    });
    return JSON.parse(stdout);
  };
}
