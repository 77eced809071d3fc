import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { readProcessCpu } from "./server-figures.js";

/** A process that has written its first line, with which it says that it is ready. */
interface ReadyProcess {
  child: ChildProcess;
  firstLine: string;
}

async function startProcess(args: readonly string[]): Promise<ReadyProcess> {
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  const lines = createInterface({ input: child.stdout });
  const firstLine = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code}`)));
  });
  return { child, firstLine };
}

/** Processes that do the same work together. */
export class ProcessGroup {
  private constructor(readonly processes: readonly ReadyProcess[]) {}

  /** Starts `count` processes with the arguments of each, and waits until all are ready. */
  static async start(count: number, toArgs: (index: number) => readonly string[]): Promise<ProcessGroup> {
    return new ProcessGroup(
      await Promise.all(Array.from({ length: count }, (_, index) => startProcess(toArgs(index)))),
    );
  }

  /** Returns the CPU time of all processes so far, in microseconds. */
  readCpu(): number {
    return this.processes.reduce((total, { child }) => total + readProcessCpu(child.pid as number), 0);
  }

  /** Ends the processes that still run. */
  async stop(): Promise<void> {
    await Promise.all(
      this.processes.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill("SIGTERM");
        await once(child, "exit");
      }),
    );
  }
}
