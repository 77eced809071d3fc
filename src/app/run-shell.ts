import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { KnockError } from "../errors/knock-error.js";
import { ProcessTree } from "./process-tree.js";
import { interruptedBy, type Surroundings } from "./surroundings.js";

/** A shell says so of a command that a signal ended. */
const SIGNALLED = 128;
/** Has the shell wait for the command that it runs and end with its code, instead of ending before it. */
const OUTLASTING = "trap 'exit $?' INT TERM; ";
/** A command that has not ended this long after it was told to is killed. */
const GRACE_MS = 5_000;
/** What outlives its shell after Ctrl-C is told to end this much later: shells have background commands ignore Ctrl-C. */
const REST_MS = 1_000;
/** Who is signalled together ends within this. */
const TOGETHER_MS = 100;
const LOOK_MS = 50;

/**
 * A process that ends with each signal that the whole process group gets, as by Ctrl-C or `timeout`: the command has got
 * that, too, and must not get it twice. It ends with this process in any case, by its input's end.
 */
class Witness {
  private readonly shell: ChildProcess | null = null;

  constructor() {
    if (process.platform === "win32") return;
    this.shell = spawn("read x", { shell: true, stdio: ["pipe", "ignore", "ignore"] });
    this.shell.on("error", () => {});
  }

  async sawSignal(): Promise<boolean> {
    const witness = this.shell;
    if (witness === null || witness.pid === undefined) return false;
    if (witness.signalCode === null)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, TOGETHER_MS);
        witness.once("exit", () => {
          clearTimeout(timer);
          resolve();
        });
      });
    return witness.signalCode !== null;
  }

  dismiss(): void {
    this.shell?.stdin?.destroy();
  }
}

/** Whether it is gone within the time. */
async function isGone(tree: ProcessTree, milliseconds: number): Promise<boolean> {
  for (let waited = 0; tree.look().length > 0; waited += LOOK_MS) {
    if (waited >= milliseconds) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return true;
}

/** A shell waits for the command that it runs; words are run as they are, without a shell. */
function start(command: string | readonly string[], cwd: string, env: Record<string, string>): ChildProcess {
  const options = { stdio: "inherit", cwd, env } as const;
  if (typeof command !== "string") {
    const [file = "", ...words] = command;
    return spawn(file, words, options);
  }
  return spawn(process.platform === "win32" ? command : OUTLASTING + command, { ...options, shell: true });
}

/** What is wrong with a command that could not be started. */
function startFault(command: string | readonly string[], error: NodeJS.ErrnoException): KnockError {
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
  { cwd, signal }: Surroundings,
  grace_ms = GRACE_MS,
): Promise<number> {
  const asked = () => interruptedBy(signal);
  // Told before there was a command to pass it on to: nobody would end one that began now.
  if (signal.aborted) return SIGNALLED + constants.signals[asked()];
  const child = start(command, cwd, env);
  const tree = new ProcessTree(child);
  const witness = new Witness();
  let timer: NodeJS.Timeout | undefined;
  const kill = (): void => tree.signal("SIGKILL");
  const stop = async (): Promise<void> => {
    // A second signal ends this process at once.
    process.once("exit", kill);
    tree.look();
    const isShared = await witness.sawSignal();
    if (!isShared) tree.signal(asked());
    if (!isShared || asked() === "SIGTERM") timer = setTimeout(kill, grace_ms);
  };
  let stopping: Promise<void> | undefined;
  const onAbort = (): void => {
    stopping = stop();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", (error) => {
        reject(startFault(command, error));
      });
      child.once("exit", (code, by) => resolve(code ?? SIGNALLED + (by === null ? 0 : constants.signals[by])));
    });
    await stopping;
    if (signal.aborted && !(await isGone(tree, REST_MS))) {
      if (asked() === "SIGINT") tree.signal("SIGTERM");
      if (!(await isGone(tree, grace_ms))) kill();
    }
    return code;
  } finally {
    clearTimeout(timer);
    witness.dismiss();
    signal.removeEventListener("abort", onAbort);
    process.removeListener("exit", kill);
  }
}
