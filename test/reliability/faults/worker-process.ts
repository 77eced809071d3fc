import { eventually } from "../../helpers/eventually.js";
import type { RunOptions, Sample, StartedCommand } from "../../helpers/run-knock.js";

interface LogEntry {
  event: string;
  worker: string;
  metrics_port?: number;
  rows?: number;
  error?: string;
}

/** A `knock worker` in a process of its own. */
export class WorkerProcess {
  id = "";
  isSuspended = false;
  /** Whether the process was neither killed nor told to end. */
  isRunning = true;
  metricsPort = 0;
  private readonly entries: LogEntry[] = [];

  private constructor(readonly command: StartedCommand) {}

  /** Starts a worker, and returns it once it looks for jobs. */
  static async start(sample: Sample, store: string, options: RunOptions = {}): Promise<WorkerProcess> {
    const args = ["worker", "--concurrency", "4", "--metrics-port", "0", "--store", store, "--project", sample.dir];
    const worker = new WorkerProcess(sample.start(args, options));
    let rest = "";
    worker.command.stdout.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) worker.entries.push(JSON.parse(line) as LogEntry);
    });
    let errors = "";
    worker.command.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const started = await eventually(() => {
      if (worker.command.exitCode !== null) throw new Error(`the worker has ended: ${errors}`);
      return worker.entries.find(({ event }) => event === "started");
    });
    worker.id = started.worker;
    worker.metricsPort = started.metrics_port ?? 0;
    return worker;
  }

  suspend(): void {
    this.command.kill("SIGSTOP");
    this.isSuspended = true;
  }

  resume(): void {
    this.command.kill("SIGCONT");
    this.isSuspended = false;
  }

  kill(): void {
    this.isRunning = false;
    this.command.kill("SIGKILL");
  }

  /** Ends the worker in the normal way, and returns its exit code. */
  async stop(): Promise<number | undefined> {
    this.isRunning = false;
    this.command.kill("SIGTERM");
    return (await this.command).exitCode;
  }

  listEvents(name: string): LogEntry[] {
    return this.entries.filter(({ event }) => event === name);
  }

  /** Returns the status of a health check. */
  async readHealth(): Promise<number> {
    return (await fetch(`http://127.0.0.1:${this.metricsPort}/health`)).status;
  }

  /** Returns the sum of a metric over its labels. */
  async readMetric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)).text();
    const values = text.split("\n").filter((line) => line.startsWith(name));
    return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }
}
