import { spawn } from "node:child_process";
import { constants } from "node:os";
import { KnockError } from "../errors/knock-error.js";
import type { Surroundings } from "./surroundings.js";

/** A shell says so of a command that a signal ended. */
const SIGNALLED = 128;

/** Runs a shell command on this process's own input and outputs; resolves with its exit code. */
export function runShell(command: string, env: Record<string, string>, { cwd, signal }: Surroundings): Promise<number> {
  // Told before there was a command to pass it on to: nobody would end one that began now.
  if (signal.aborted) return Promise.resolve(SIGNALLED + constants.signals.SIGTERM);
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: "inherit", cwd, env });
    // Ctrl-C reaches it from the terminal as well; a signal to this process alone does not.
    const pass = (): void => void child.kill("SIGTERM");
    signal.addEventListener("abort", pass, { once: true });
    child.once("error", (error) => {
      reject(new KnockError("usage", `--exec: ${error.message}`, { cause: error }));
    });
    child.once("exit", (code, by) => {
      signal.removeEventListener("abort", pass);
      resolve(code ?? SIGNALLED + (by === null ? 0 : constants.signals[by]));
    });
  });
}
