/** The options of `knock test`: the scenarios to run, and how. */
export interface TestOptions {
  /** Files, folders and workflow keys as typed. Empty for all scenarios of the project. */
  paths: readonly string[];
  /** A part of the names of the scenarios to run, or /a pattern/; null runs all. */
  filter: string | null;
  /** Whether the run ends at the first failure. */
  bail: boolean;
  /** Whether snapshots are compared only, or new ones are added, or all are updated. */
  snapshots: "compare" | "add" | "update";
  /** The seed of IDs and random numbers. */
  seed: string;
  /** The time limit of one scenario, in milliseconds. */
  timeoutMs: number;
  /** The number of times that each scenario runs. */
  repeat: number;
  /** The part of the scenarios that runs; `index` counts from 1. Null runs all. */
  shard: { index: number; count: number } | null;
  /** Runs only scenarios of workflows that differ from this git revision; null runs all. */
  changedSince: string | null;
  /** The largest number of threads; null for one per processor. */
  workers: number | null;
  /** Whether the emails of scenarios are checked, and whether their problems are errors. */
  emails: { strict: boolean } | null;
  /** Whether the parts of workflows that scenarios reach are recorded. Coverage and mutation need it. */
  recordsReached: boolean;
  /** Whether the messages of each scenario are recorded for a reporter. */
  recordsDetails: boolean;
  /** Whether coverage is reported, and the percentage that it must reach. */
  coverage: { threshold: number | null } | null;
  /** Whether the scenarios are run against mutants of the workflows. */
  mutate: boolean;
}
