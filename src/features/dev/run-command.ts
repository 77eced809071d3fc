import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { getInterruptSignal, type ProcessIO } from "../../context/process-io.js";
import { removeKeys } from "../../context/remove-keys.js";
import { KnockError } from "../../errors/knock-error.js";
import { ProcessTree } from "./process-tree.js";

/** A shell reports a command that a signal ended as 128 plus the number of the signal. */
const SIGNAL_EXIT_BASE = 128;
/** Makes the shell wait for the command that it runs and exit with its code, instead of exiting before it. */
const WAIT_FOR_CHILD = "trap 'exit $?' INT TERM; ";
/** Milliseconds after which a command that was asked to stop is killed. */
const GRACE_MS = 5_000;
/**
 * Milliseconds after Ctrl-C until processes that outlive the shell get SIGTERM, because shells start background
 * commands with SIGINT ignored.
 */
const BACKGROUND_GRACE_MS = 1_000;
/** Milliseconds within which the detector ends if the signal went to the whole process group. */
const GROUP_SIGNAL_MS = 100;
const POLL_MS = 50;

/**
 * Detects signals that the whole process group received, as from Ctrl-C or `timeout`. The command has then also
 * received the signal and must not get it twice. The detector is a process that such a signal ends; it always ends with
 * this process, because its input closes.
 */
class GroupSignalDetector {
  private readonly shell: ChildProcess | null = null;

  constructor() {
    if (process.platform === "win32") return;
    this.shell = spawn("read x", {
      shell: true,
      env: removeKeys(process.env),
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.shell.on("error", () => {});
  }

  async waitForSignal(): Promise<boolean> {
    const detector = this.shell;
    if (detector === null || detector.pid === undefined) return false;
    if (detector.signalCode === null)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, GROUP_SIGNAL_MS);
        detector.once("exit", () => {
          clearTimeout(timer);
          resolve();
        });
      });
    return detector.signalCode !== null;
  }

  stop(): void {
    this.shell?.stdin?.destroy();
  }
}

/** Resolves to whether all descendants end within the time. */
async function hasEndedWithin(tree: ProcessTree, milliseconds: number): Promise<boolean> {
  for (let waited = 0; tree.listDescendants().length > 0; waited += POLL_MS) {
    if (waited >= milliseconds) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

/**
 * Starts a command. A string is run by a shell, which waits for the command; an array is run directly, without a shell.
 */
function startCommand(command: string | readonly string[], cwd: string, env: Record<string, string>): ChildProcess {
  const options = { stdio: "inherit", cwd, env } as const;
  if (typeof command !== "string") {
    const [file = "", ...words] = command;
    return spawn(file, words, options);
  }
  return spawn(process.platform === "win32" ? command : WAIT_FOR_CHILD + command, { ...options, shell: true });
}

/** Creates the error for a command that could not be started. */
function createStartError(command: string | readonly string[], error: NodeJS.ErrnoException): KnockError {
  if (typeof command === "string") return new KnockError("usage", `--exec: ${error.message}`, { cause: error });
  const reason = error.code === "ENOENT" ? "command not found" : error.message;
  return new KnockError("usage", `${command[0]}: ${reason}`, {
    hint: "The command runs without a shell. Use --exec '…' to run a shell command.",
    cause: error,
  });
}

/**
 * Runs a command with this process's own input and outputs, in its process group, and resolves to its exit code. An
 * abort is forwarded once to the command and all of its descendants. Processes that have not ended after `graceMs` are
 * killed, and all are killed if this process ends earlier. After Ctrl-C, the command itself has no time limit. Throws
 * `usage` if the command cannot be started.
 */
export async function runCommand(
  command: string | readonly string[],
  env: Record<string, string>,
  { cwd, signal }: ProcessIO,
  graceMs = GRACE_MS,
): Promise<number> {
  const getSignal = () => getInterruptSignal(signal);
  // The signal arrived before the command started, so a command that starts now would never be stopped.
  if (signal.aborted) return SIGNAL_EXIT_BASE + constants.signals[getSignal()];
  const child = startCommand(command, cwd, env);
  const tree = new ProcessTree(child);
  const detector = new GroupSignalDetector();
  let timer: NodeJS.Timeout | undefined;
  const kill = (): void => tree.signal("SIGKILL");
  const stop = async (): Promise<void> => {
    // A second signal ends this process immediately, and the exit then kills the tree.
    process.once("exit", kill);
    tree.listDescendants();
    const isGroupSignal = await detector.waitForSignal();
    if (!isGroupSignal) tree.signal(getSignal());
    if (!isGroupSignal || getSignal() !== "SIGINT") timer = setTimeout(kill, graceMs);
  };
  let stopping: Promise<void> | undefined;
  const onAbort = (): void => {
    stopping = stop();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", (error) => {
        reject(createStartError(command, error));
      });
      child.once("exit", (code, endSignal) =>
        resolve(code ?? SIGNAL_EXIT_BASE + (endSignal === null ? 0 : constants.signals[endSignal])),
      );
    });
    await stopping;
    if (signal.aborted && !(await hasEndedWithin(tree, BACKGROUND_GRACE_MS))) {
      if (getSignal() === "SIGINT") tree.signal("SIGTERM");
      if (!(await hasEndedWithin(tree, graceMs))) kill();
    }
    return code;
  } finally {
    clearTimeout(timer);
    detector.stop();
    signal.removeEventListener("abort", onAbort);
    process.removeListener("exit", kill);
  }
}
