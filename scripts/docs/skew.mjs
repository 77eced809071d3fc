// Generates docs/reference/skew.md from the saved results of bench/scale/skew.mjs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatTable } from "../documentation/markdown.mjs";
import { loadSource, ROOT } from "../load-source.mjs";

const format = (value) => (value === undefined ? "" : value.toLocaleString("en", { maximumFractionDigits: 2 }));
const formatShare = (value) => `${Math.round(value * 100)}%`;
const formatLag = (p50, p99) => (p50 === undefined ? "" : `${format(p50)} / ${format(p99)}`);

function formatGrowth(rows) {
  return formatTable(
    [
      "Load",
      "Databases",
      "s",
      "Shards placed by",
      "Busiest database",
      "Mean",
      "Lag p50 / p99, ms",
      "Jobs/s",
      "Log, MB/s",
    ],
    rows.map((row) => [
      row.name,
      format(row.databases),
      format(row.s),
      row.shards_placed_by,
      formatShare(row.busiest_database),
      formatShare(row.mean_database),
      formatLag(row.small_p50_ms, row.small_p99_ms),
      format(row.jobs_per_second),
      format(row.wal_mb_per_second),
    ]),
  );
}

function formatFairness(rows) {
  return formatTable(
    [
      "Load",
      "Small triggers, lag p50 / p99, ms",
      "Large triggers, lag p50 / p99, ms",
      "Longest queue, jobs",
      "All done after, s",
    ],
    rows.map((row) => [
      row.name,
      formatLag(row.small_p50_ms, row.small_p99_ms),
      formatLag(row.large_p50_ms, row.large_p99_ms),
      format(row.longest_queue_jobs),
      format(row.end_ms / 1_000),
    ]),
  );
}

function formatBatches(rows) {
  return formatTable(
    [
      "Load",
      "s",
      "Advances/s",
      "Jobs/s",
      "Busiest recipient, rows/s",
      "Its transactions/s",
      "Most that its key can take",
    ],
    rows.map((row) => [
      row.name,
      format(row.s),
      format(row.runs_per_second),
      format(row.jobs_per_second),
      format(row.hottest_rows_per_second),
      format(row.hottest_transactions_per_second),
      row.hottest_transactions_per_second > 0 ? format(row.hottest_limit_per_second) : "",
    ]),
  );
}

export async function buildPages() {
  const { COSTS } = await loadSource(`export { COSTS } from "./bench/scale/costs.ts"`);
  const { measured, shards, scenarios } = JSON.parse(readFileSync(join(ROOT, "bench/results/skew.json"), "utf8"));
  const listGroup = (group) => scenarios.filter((scenario) => scenario.group === group);
  const measuredRows = measured.map(({ name, ...rates }) => [
    name,
    format(rates.measured),
    format(rates.simulated),
    format(rates.ratio),
  ]);
  const shardRows = shards.map((row) => [
    format(row.s),
    format(row.shards_16),
    format(row.shards_64),
    format(row.shards_256),
    `${row.busiest_recipient_percent.toFixed(1)}%`,
  ]);
  return {
    "docs/reference/skew.md": `# Simulation of skew

Some recipients are notified more often than others, and triggers arrive in bursts. This page has the results of a simulation, not of
measurements. \`node bench/scale/skew.mjs\` runs it again. [Scaling](../guide/scaling.md) has the conclusions.

## Comparison with measured runs

Recipient runs per second that were measured and simulated. The simulation is only used if every ratio is between 0.75 and 1.25. The
share of the processors that other programs left is the only value that was chosen to fit. \`node bench/scale/workers.mjs\` compares the
simulation with real workers in the same way, and chooses no value.

${formatTable(["Measured run", "Measured", "Simulated", "Ratio"], measuredRows)}

## Costs

One recipient run costs ${COSTS.insertClientUs} + ${COSTS.insertServerUs} µs of CPU time when it is inserted with its message (process +
database), and ${COSTS.advanceClientUs} + ${COSTS.advanceServerUs} µs when it is advanced. A job costs ${COSTS.jobUs} µs, and a commit waits
${COSTS.flushMs} ms for its flush. Each database has four processors and four workers, which run eight jobs at once.

## Load of the busiest shard

A million recipients are hashed to shards. A recipient is notified less often by its rank to the power s. The columns show the load of the
busiest shard divided by the mean.

${formatTable(["s", "16 shards", "64 shards", "256 shards", "Share of the busiest recipient"], shardRows)}

## Growth

Small triggers of 20 recipients. Each recipient run is inserted and advanced once. The loads are shares of the four processors of a
database. Lag is the time from due to saved.

${formatGrowth(listGroup("growth"))}

## Bursts and large triggers

One database. Jobs of small triggers run first, and one place in eight of each worker is reserved for each class.

${formatFairness(listGroup("fairness"))}

## Batches

One database. Transactions on the batch of one recipient run one after another. The last column is the number of transactions per second that
one key could take.

${formatBatches(listGroup("batches"))}
`,
  };
}
