import { Worker } from "node:worker_threads";
import { getDriverSource } from "./driver.js";

/** Commits between two looks: of the triggers of 64 clients some 2,000 pages. */
const COMMITS_PER_CHECKPOINT = 40;

/** All that the thread does. Its text stands here: it is a few lines, and would be a bundle of its own. */
const WORKER_SCRIPT = `
const { parentPort, workerData: { location, binding, from } } = require("node:worker_threads");
const loaded = { exports: {} };
if (binding !== null) process.dlopen(loaded, binding);
else loaded.exports = from === null ? require("node:sqlite") : require("node:module").createRequire(from)("@photostructure/sqlite");
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
 * Moves the log into the file on a thread and a connection of its own, beside the one that writes. A process that answers
 * many would else do it within some trigger's commit: 25 to 45 ms on a good disk, in which all who wait, wait. What is left
 * to SQLite's own check, once the log is long, is what came in since the last look. Where the thread cannot be had, that check
 * does it all, as in other processes.
 */
export class Checkpointer {
  private worker: Worker | null = null;
  private commits = 0;
  private isCheckpointing = false;
  private isStopped = false;

  constructor(private readonly location: string) {}

  /** Told of each commit. The thread is made when there is something to do: most stores that are opened see few. */
  recordCommit(): void {
    if (++this.commits < COMMITS_PER_CHECKPOINT || this.isCheckpointing || this.isStopped) return;
    this.commits = 0;
    this.isCheckpointing = true;
    try {
      this.worker ??= this.startWorker();
    } catch {
      this.isStopped = true; // no thread to be had
      return;
    }
    this.worker.postMessage("move");
  }

  private startWorker(): Worker {
    const worker = new Worker(WORKER_SCRIPT, {
      eval: true,
      workerData: { location: this.location, ...getDriverSource() },
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

  /** The thread's connection is closed when this is done. */
  async close(): Promise<void> {
    const { worker } = this;
    const wasStopped = this.isStopped;
    this.isStopped = true;
    if (worker === null || wasStopped) return;
    await new Promise<void>((resolve) => {
      worker.once("exit", () => resolve());
      worker.ref();
      worker.postMessage("close");
    });
  }
}
