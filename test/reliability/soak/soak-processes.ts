import { eventually } from "../../helpers/eventually.js";
import type { Sample, StartedCommand } from "../../helpers/run-knock.js";
import { type ProcessSample, readSamples, sampleTo } from "./process-samples.js";

/** Commands that run for the whole soak, each with a file of samples, and that can be restarted. */
export class SoakProcesses {
  private readonly commands = new Map<string, { args: string[]; running: StartedCommand; errors: string[] }>();

  constructor(
    private readonly sample: Sample,
    private readonly intervalMs: number,
  ) {}

  private getSampleFile(name: string): string {
    return this.sample.path("..", `${name}.jsonl`);
  }

  start(name: string, args: string[]): void {
    const running = this.sample.start(args, { env: sampleTo(this.getSampleFile(name), this.intervalMs) });
    const errors = this.commands.get(name)?.errors ?? [];
    running.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
    this.commands.set(name, { args, running, errors });
  }

  /** Ends a command with a signal, and starts it again. */
  async restart(name: string, signal: NodeJS.Signals): Promise<void> {
    const { args } = await this.stop(name, signal);
    this.start(name, args);
  }

  async stop(name: string, signal: NodeJS.Signals) {
    const command = this.commands.get(name);
    if (command === undefined) throw new Error(`${name} does not run`);
    command.running.kill(signal);
    await command.running;
    return command;
  }

  /** Returns what the commands have written to standard error. */
  readErrors(): string {
    return [...this.commands.values()].flatMap(({ errors }) => errors).join("");
  }

  readSamples(): Record<string, ProcessSample[]> {
    return Object.fromEntries([...this.commands.keys()].map((name) => [name, readSamples(this.getSampleFile(name))]));
  }

  async stopAll(): Promise<void> {
    for (const { running } of this.commands.values()) running.kill("SIGKILL");
    await Promise.all([...this.commands.values()].map(({ running }) => running));
  }
}

/** Waits until the API answers. */
export async function waitForApi(url: string): Promise<void> {
  await eventually(() =>
    fetch(`${url}/v1/messages`, { headers: { authorization: "Bearer sk_local" } }).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
}
