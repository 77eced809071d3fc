import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { KnockError } from "../errors/knock-error.js";
import { getInterruptSignal, type ProcessIO } from "./process-io.js";
import { ProcessTree } from "./process-tree.js";

/** A shell says so of a command that a signal ended. */
const SIGNAL_EXIT_BASE = 128;
/** Has the shell wait for the command that it runs and end with its code, instead of ending before it. */
const WAIT_FOR_CHILD = "trap 'exit $?' INT TERM; ";
/** A command that has not ended this long after it was told to is killed. */
const GRACE_MS = 5_000;
/** What outlives its shell after Ctrl-C is told to end this much later: shells have background commands ignore Ctrl-C. */
const BACKGROUND_GRACE_MS = 1_000;
/** Who is signalled together ends within this. */
const GROUP_SIGNAL_MS = 100;
const POLL_MS = 50;

/**
 * A process that ends with each signal that the whole process group gets, as by Ctrl-C or `timeout`: the command has got
 * that, too, and must not get it twice. It ends with this process in any case, by its input's end.
 */
class GroupSignalDetector {
  private readonly shell: ChildProcess | null = null;

  constructor() {
    if (process.platform === "win32") return;
    this.shell = spawn("read x", { shell: true, stdio: ["pipe", "ignore", "ignore"] });
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

/** Whether it is gone within the time. */
async function hasEndedWithin(tree: ProcessTree, milliseconds: number): Promise<boolean> {
  for (let waited = 0; tree.listDescendants().length > 0; waited += POLL_MS) {
    if (waited >= milliseconds) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

/** A shell waits for the command that it runs; words are run as they are, without a shell. */
function startCommand(command: string | readonly string[], cwd: string, env: Record<string, string>): ChildProcess {
  const options = { stdio: "inherit", cwd, env } as const;
  if (typeof command !== "string") {
    const [file = "", ...words] = command;
    return spawn(file, words, options);
  }
  return spawn(process.platform === "win32" ? command : WAIT_FOR_CHILD + command, { ...options, shell: true });
}

/** What is wrong with a command that could not be started. */
function createStartError(command: string | readonly string[], error: NodeJS.ErrnoException): KnockError {
  if (typeof command === "string") return new KnockError("usage", `--exec: ${error.message}`, { cause: error });
  const reason = error.code === "ENOENT" ? "there is no such command" : error.message;
  return new KnockError("usage", `-- ${command[0]}: ${reason}`, {
    hint: "It is run without a shell; --exec '…' runs a shell command.",
    cause: error,
  });
}

/**
 * Runs a command on this process's own input and outputs, in its process group; resolves with its exit code. A stop
 * reaches the command and all that came of it, once; what has not ended after `grace_ms` is killed, and so is all of it
 * where this process ends sooner. After Ctrl-C the command takes the time it wants.
 */
export async function runCommand(
  command: string | readonly string[],
  env: Record<string, string>,
  { cwd, signal }: ProcessIO,
  graceMs = GRACE_MS,
): Promise<number> {
  const getSignal = () => getInterruptSignal(signal);
  // Told before there was a command to pass it on to: nobody would end one that began now.
  if (signal.aborted) return SIGNAL_EXIT_BASE + constants.signals[getSignal()];
  const child = startCommand(command, cwd, env);
  const tree = new ProcessTree(child);
  const witness = new GroupSignalDetector();
  let timer: NodeJS.Timeout | undefined;
  const kill = (): void => tree.signal("SIGKILL");
  const stop = async (): Promise<void> => {
    // A second signal ends this process at once.
    process.once("exit", kill);
    tree.listDescendants();
    const isGroupSignal = await witness.waitForSignal();
    if (!isGroupSignal) tree.signal(getSignal());
    if (!isGroupSignal || getSignal() === "SIGTERM") timer = setTimeout(kill, graceMs);
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
    witness.stop();
    signal.removeEventListener("abort", onAbort);
    process.removeListener("exit", kill);
  }
}
