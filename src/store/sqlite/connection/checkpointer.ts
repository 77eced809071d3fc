import type { Worker } from "node:worker_threads";
import { type Driver, getBindingFile } from "./driver.js";

/** Commits between two checkpoints: about 2,000 pages when 64 clients send triggers. */
const COMMITS_PER_CHECKPOINT = 40;

/** The script of the thread. It is a string because it is a few lines long, and a file would need a bundle of its own. */
const WORKER_SCRIPT = `
const { parentPort, workerData: { location, binding } } = require("node:worker_threads");
const loaded = { exports: {} };
if (binding === null) loaded.exports = require("node:sqlite");
else process.dlopen(loaded, binding);
const database = new loaded.exports.DatabaseSync(location, { enableForeignKeyConstraints: false });
database.exec("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0");
parentPort.on("message", (wanted) => {
  if (wanted === "move") {
    try {
      database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {}
    parentPort.postMessage("moved");
    return;
  }
  database.close();
  parentPort.close();
});
`;

/**
 * Runs checkpoints, which move the write-ahead log into the file, on a thread with a connection of its own. Without it, a
 * process that serves many clients runs them within the commit of some trigger: 25 to 45 ms on a good disk, during which all
 * concurrent triggers wait. SQLite's automatic checkpoint, which starts once the log is long, then only moves what was written
 * since the last checkpoint. If the thread cannot be started, the automatic checkpoint does all the work, as in other
 * processes.
 */
export class Checkpointer {
  private worker: Promise<Worker> | null = null;
  private commits = 0;
  private isCheckpointing = false;
  private isStopped = false;

  /** `driver` is that of the store's own connection; by default the preferred one. */
  constructor(
    private readonly location: string,
    private readonly driver?: Driver,
  ) {}

  /**
   * Counts a commit, and requests a checkpoint when it is due. The thread starts with the first request: most stores see few
   * commits.
   */
  recordCommit(): void {
    if (++this.commits < COMMITS_PER_CHECKPOINT || this.isCheckpointing || this.isStopped) return;
    this.commits = 0;
    this.isCheckpointing = true;
    this.worker ??= this.startWorker();
    this.worker.then(
      (worker) => worker.postMessage("move"),
      () => {
        this.isStopped = true; // the thread cannot be started
      },
    );
  }

  private async startWorker(): Promise<Worker> {
    // Loading the module takes a millisecond, also in commands that start no thread.
    const { Worker } = await import("node:worker_threads");
    const worker = new Worker(WORKER_SCRIPT, {
      eval: true,
      workerData: { location: this.location, binding: getBindingFile(this.driver) },
    });
    worker.unref();
    worker.on("message", () => {
      this.isCheckpointing = false;
    });
    worker.on("error", () => {
      this.isStopped = true;
    });
    return worker;
  }

  /** Stops the thread and resolves once its connection is closed. */
  async close(): Promise<void> {
    const worker = await this.worker?.catch(() => null);
    const wasStopped = this.isStopped;
    this.isStopped = true;
    if (!worker || wasStopped) return;
    await new Promise<void>((resolve) => {
      worker.once("exit", () => resolve());
      worker.ref();
      worker.postMessage("close");
    });
  }
}
