import { type FileOutcome, type FileRunner, isFailure, type SelectedFile } from "../../scenarios/run-file.js";

/** Memory that threads share: the place of the next file. */
export type QueueMemory = SharedArrayBuffer;

/** Scenario files from which several threads take one after another. */
export class FileQueue {
  private readonly next: Int32Array;

  constructor(
    private readonly files: readonly SelectedFile[],
    readonly memory: QueueMemory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
  ) {
    this.next = new Int32Array(memory);
  }

  /** Returns the next file, or null at the end. */
  take(): SelectedFile | null {
    return this.files[Atomics.add(this.next, 0, 1)] ?? null;
  }

  /** Returns the number of files that no thread has taken. */
  countRemaining(): number {
    return Math.max(0, this.files.length - Atomics.load(this.next, 0));
  }

  /** Removes the files that no thread has taken. */
  clear(): void {
    Atomics.store(this.next, 0, this.files.length);
  }
}

interface QueueOptions {
  /** Whether the first failure ends the run. */
  bail: boolean;
  signal: AbortSignal;
  /** Receives the outcome of each file; null if no scenario of the file is selected. */
  onOutcome(file: SelectedFile, outcome: FileOutcome | null): void | Promise<void>;
}

/** Runs files of a queue until it is empty. */
export async function runQueue(
  queue: FileQueue,
  runner: FileRunner,
  { bail, signal, onOutcome }: QueueOptions,
): Promise<void> {
  for (let file = queue.take(); file !== null && !signal.aborted; file = queue.take()) {
    const outcome = await runner.run(file);
    if (bail && outcome !== null && isFailure(outcome.reported)) queue.clear();
    await onOutcome(file, outcome);
  }
}
