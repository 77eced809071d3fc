// The costs of the simulation of skew, in one place. Replace them with those of a run that you measured, and add that run
// to measured-runs.ts: the simulation must reproduce it.

/** Costs of one recipient run with one message, of one job, and of one transaction. */
export interface Costs {
  /** CPU time of the process that inserts a recipient run with its message, in microseconds. */
  insertClientUs: number;
  /** CPU time of the database for the same, in microseconds. */
  insertServerUs: number;
  /** CPU time of the worker that advances a recipient run, in microseconds. */
  advanceClientUs: number;
  /** CPU time of the database for the same, in microseconds. */
  advanceServerUs: number;
  /** CPU time of the process for a recipient run that opens or joins a batch, in microseconds. */
  joinClientUs: number;
  /** CPU time of the database for the same, in microseconds. */
  joinServerUs: number;
  /** CPU time of the worker to fetch and complete one job, in microseconds. */
  jobUs: number;
  /** Time until a job that was added is fetched by an idle worker, in milliseconds. */
  pickupMs: number;
  /** Time of a flush of the log at commit, in milliseconds. */
  flushMs: number;
  /** Log that an inserted recipient run writes, in kilobytes. */
  insertWalKb: number;
  /** Log that an advance of a recipient run writes, in kilobytes. */
  advanceWalKb: number;
  /** Storage of a recipient run with a feed message and indexes, in kilobytes. */
  storedKb: number;
}

/**
 * The costs of a prototype on PostgreSQL 15 with two shared processors, whose advance was a stand-in without the cost of
 * the engine. `engineUs` below adds that cost.
 */
export const PROTOTYPE_COSTS: Costs = {
  insertClientUs: 19,
  insertServerUs: 25,
  advanceClientUs: 42,
  advanceServerUs: 45,
  joinClientUs: 33,
  joinServerUs: 28,
  jobUs: 81,
  pickupMs: 5,
  flushMs: 2.4,
  insertWalKb: 1.65,
  advanceWalKb: 2.1,
  storedKb: 1.43,
};

/** CPU time of the engine for one recipient run on SQLite, its store included, from bench/throughput, in microseconds. */
const ENGINE_US = 52;

/** The costs of the prototype, with the engine's own cost in the worker. */
export const COSTS: Costs = { ...PROTOTYPE_COSTS, advanceClientUs: PROTOTYPE_COSTS.advanceClientUs + ENGINE_US };

/** Recipient runs that one job processes. */
export const CHUNK = 500;
