import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { LiveProcess, ProjectRecord } from "../../../ports/due-work.js";
import type { Connection } from "../connection/connection.js";
import { readLiveProcesses, recordProcess, removeProcess } from "./live-processes.js";

const BEAT_MS = 1_500;

/** A server that is recorded among the processes of its store. */
export interface ServerPresence {
  /** Returns all live processes of the store, this one included. */
  readProcesses(): Promise<LiveProcess[]>;
  leave(): Promise<void>;
}

/** Records a server among the processes of a store until it leaves. */
export async function recordServer(db: Connection, readProject: () => Promise<ProjectRecord>): Promise<ServerPresence> {
  const server = { id: randomUUID(), kind: "server", host: hostname(), poolIds: [], lockKey: 0 } as const;
  const beat = async (): Promise<unknown> => recordProcess(db, { ...server, project: await readProject() });
  let lastBeat = beat();
  await lastBeat;
  const timer = setInterval(() => {
    // The readiness probe reports a database that cannot be reached.
    lastBeat = lastBeat.then(beat).catch(() => {});
  }, BEAT_MS);
  return {
    readProcesses: () => readLiveProcesses(db),
    async leave() {
      clearInterval(timer);
      await lastBeat;
      await removeProcess(db, server.id).catch(() => {}); // without a database, workers remove it
    },
  };
}
