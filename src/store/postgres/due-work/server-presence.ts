import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { LiveProcess } from "../../../ports/due-work.js";
import { sleep } from "../../../util/sleep.js";
import type { Connection } from "../connection/connection.js";
import { readLiveProcesses, recordProcess, removeProcess } from "./live-processes.js";

const BEAT_MS = 1_500;

/** Records a server among the processes of a store until it leaves. */
export class ServerPresence {
  private readonly id = randomUUID();
  private readonly stopping = new AbortController();
  private beats: Promise<void> = Promise.resolve();

  private constructor(
    private readonly db: Connection,
    private readonly getProject: () => string,
  ) {}

  static async join(db: Connection, getProject: () => string): Promise<ServerPresence> {
    const presence = new ServerPresence(db, getProject);
    await presence.beat();
    presence.beats = presence.repeat();
    return presence;
  }

  /** Returns all live processes of the store, this one included. */
  readProcesses(): Promise<LiveProcess[]> {
    return readLiveProcesses(this.db);
  }

  async leave(): Promise<void> {
    this.stopping.abort();
    await this.beats;
    await removeProcess(this.db, this.id).catch(() => {}); // without a database, workers remove it
  }

  private async beat(): Promise<void> {
    const { id, db, getProject } = this;
    const [host, project] = [hostname(), getProject()];
    await recordProcess(db, { id, kind: "server", host, poolIds: [], lockKey: 0, project });
  }

  private async repeat(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await sleep(BEAT_MS, signal);
      // The readiness probe reports a database that cannot be reached.
      if (!signal.aborted) await this.beat().catch(() => {});
    }
  }
}
