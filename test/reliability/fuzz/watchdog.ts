import { Worker } from "node:worker_threads";

/** Limits the time of one input, in milliseconds, even if it never returns to the event loop. */
const MAX_HANG_MILLISECONDS = 20_000;
/** Limits the memory of the process above that of its start, in bytes. */
const MAX_MEMORY_BYTES = 1_500_000_000;

/** Two numbers precede the text of the input: whether one is running, and the length of its text. */
const HEADER_BYTES = 8;
const MAX_INPUT_BYTES = 1_000_000;

/**
 * The thread that ends the process. It is plain JavaScript, because a thread cannot load TypeScript.
 * A hang of the main thread cannot be interrupted otherwise.
 */
const SCRIPT = `
  const { writeSync } = require("node:fs");
  const { parentPort, workerData } = require("node:worker_threads");
  const { shared, maxHang, maxMemory, headerBytes } = workerData;
  const state = new Int32Array(shared, 0, 2);
  const startMemory = process.memoryUsage.rss();
  let [target, last, since] = ["", 0, Date.now()];
  parentPort.on("message", (name) => { target = name; });
  setInterval(() => {
    const count = Atomics.load(state, 0);
    if (count === 0 || count !== last) [last, since] = [count, Date.now()];
    const isStuck = Date.now() - since > maxHang;
    const isLarge = count !== 0 && process.memoryUsage.rss() - startMemory > maxMemory;
    if (!isStuck && !isLarge) return;
    const text = Buffer.from(shared, headerBytes, Atomics.load(state, 1)).toString();
    const reason = isStuck ? "runs for more than " + maxHang + " ms" : "needs more than " + maxMemory + " bytes";
    writeSync(2, "fuzz: an input of " + target + " " + reason + ":\\n" + text + "\\n");
    process.kill(process.pid, "SIGKILL");
  }, 200);
`;

/** Ends the process with the running input on standard error if the input hangs or needs too much memory. */
export class Watchdog {
  private readonly shared = new SharedArrayBuffer(HEADER_BYTES + MAX_INPUT_BYTES);
  private readonly state = new Int32Array(this.shared, 0, 2);
  private readonly text = Buffer.from(this.shared, HEADER_BYTES);
  private count = 0;
  private readonly worker: Worker;

  constructor(maxHang = MAX_HANG_MILLISECONDS, maxMemory = MAX_MEMORY_BYTES) {
    const workerData = { shared: this.shared, maxHang, maxMemory, headerBytes: HEADER_BYTES };
    this.worker = new Worker(SCRIPT, { eval: true, workerData });
    this.worker.unref();
  }

  /** Names the target of the next inputs. */
  setTarget(name: string): void {
    this.worker.postMessage(name);
  }

  begin(input: unknown): void {
    this.count = (this.count % 1_000_000_000) + 1;
    Atomics.store(this.state, 1, this.text.write(JSON.stringify(input) ?? ""));
    Atomics.store(this.state, 0, this.count);
  }

  end(): void {
    Atomics.store(this.state, 0, 0);
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
