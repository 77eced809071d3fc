import pg from "pg";
import { Connection } from "../connection/connection.js";
import { addJobsOfWakeups } from "./add-jobs.js";

/** Connections that look for jobs, end them, and read and write the state of workers. */
const JOB_CONNECTIONS = 2;

/** Returns connections for jobs. Those of the store serve the work, so that neither waits for the other. */
export function createJobConnection({ pool, location, isPooled }: Connection): Connection {
  const jobs = new pg.Pool({ ...pool.options, max: JOB_CONNECTIONS });
  jobs.on("error", () => {});
  jobs.on("connect", (client) => client.on("error", () => {}));
  return new Connection(jobs, location, {
    isReadOnly: false,
    isPooled,
    now: null,
    forTests: false,
    watchesUsers: false,
    onWakeups: addJobsOfWakeups,
  });
}
