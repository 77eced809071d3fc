/**
 * Makes the planner read lists by index, in the order of the statement's joins. From its estimates it would often choose to read
 * all matching rows and sort them, which gets slower with each row that is added.
 */
export const READ_IN_ORDER = [
  ...["seqscan", "bitmapscan", "hashjoin", "mergejoin", "hashagg", "sort"].map(
    (name) => `SET LOCAL enable_${name} = off`,
  ),
  "SET LOCAL join_collapse_limit = 1",
  "SET LOCAL max_parallel_workers_per_gather = 0",
].join("; ");

/**
 * Makes the planner read due rows by index. Work that ended leaves an entry in the index of due times until the next vacuum. An index
 * scan marks such entries, so that no other scan reads their rows again. A bitmap scan reads the rows of all of them each time.
 */
export const READ_BY_INDEX = ["seqscan", "bitmapscan"].map((name) => `SET LOCAL enable_${name} = off`).join("; ");
